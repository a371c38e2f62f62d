"""Messages of Segment's specification as events: identify, track, page, screen, group, alias. It keeps nothing.

https://segment.com/docs/connections/spec. RudderStack's clients speak the same, and tell consents in their own way.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from tactful import Event, EventKind

from .segment_body import EVENT_MAX_BYTES

_ID_MAX_CHARS: Final = 256
_NAME_MAX_CHARS: Final = 1000
_KINDS: Final = {kind.value: kind for kind in EventKind}
_NAMED: Final = {EventKind.TRACK: "event", EventKind.PAGE: "name", EventKind.SCREEN: "name"}
_TRAITS: Final = (EventKind.IDENTIFY, EventKind.GROUP)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_Message = Mapping[str, object]


@attrs.frozen
class Malformed(Exception):
    """A field that is not as it should be; it names the field, never its value."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"

    def inside(self, place: str) -> "Malformed":
        """Return the same, of a message that stands somewhere."""
        return Malformed(f"{place}.{self.field}" if self.field else place, self.reason)


def one(kind: str, body: object, received_us: int) -> Event:
    """
    Return the event of a request for one.

    Args:
        kind: The kind that the path names.
        body: The body.
        received_us: When it came [us since 1970].

    Raises:
        Malformed: If a field is not as it should be.
    """
    message = _keys(body, "body")
    if message.get("type") not in (None, kind):
        raise Malformed("type", f"the path says that it is {kind}")
    return _event({**message, "type": kind}, message.get("sentAt"), {}, received_us)


def several(body: object, received_us: int) -> tuple[list[Event], list[Malformed]]:
    """
    Return the events of a batch, and what is wrong with the others.

    Raises:
        Malformed: If it is no batch.
    """
    batch = _keys(body, "body")
    messages = batch.get("batch")
    if not isinstance(messages, list):
        raise Malformed("batch", "expected a list of events")
    context, sent = _keys(batch.get("context"), "context"), batch.get("sentAt")
    _moment_us(sent, "sentAt")
    events: list[Event] = []
    wrong: list[Malformed] = []
    for number, message in enumerate(messages):
        try:
            events.append(_event(_small(_keys(message, "")), sent, context, received_us))
        except Malformed as error:
            wrong.append(error.inside(f"batch[{number}]"))
    return events, wrong


def _small(message: _Message) -> _Message:
    """Return a message of a batch that is no larger than one by itself may be."""
    written = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    if len(written.encode("utf-8", "surrogatepass")) > EVENT_MAX_BYTES:
        raise Malformed("", f"an event has at most {EVENT_MAX_BYTES:,} bytes")
    return message


def _event(message: _Message, sent: object, around: _Message, received_us: int) -> Event:
    kind = _kind(message.get("type"))
    user, anonymous = _id(message, "userId"), _id(message, "anonymousId")
    if not user and not anonymous:
        raise Malformed("userId", "an event needs a userId or an anonymousId")
    previous = _id(message, "previousId") if kind is EventKind.ALIAS else ""
    group = _id(message, "groupId") if kind is EventKind.GROUP else ""
    if kind is EventKind.ALIAS and not (user and previous):
        raise Malformed("previousId" if user else "userId", "an alias needs a userId and a previousId")
    if kind is EventKind.GROUP and not group:
        raise Malformed("groupId", "a group needs a groupId")
    name = _text(message, _NAMED[kind], _NAME_MAX_CHARS) if kind in _NAMED else ""
    if kind is EventKind.TRACK and not name:
        raise Malformed("event", "what was tracked needs a name")
    context = {**around, **_keys(message.get("context"), "context")}
    place = "traits" if kind in _TRAITS else "properties"
    fields = _keys(message.get(place), place)
    if kind is EventKind.IDENTIFY:  # RudderStack's clients put them there
        fields = {**_keys(context.get("traits"), "context.traits"), **fields}
    if not _is_sound(fields):
        raise Malformed(place, "a text holds half a character")
    at_us = _at_us(message, sent, received_us)
    preferences = dict(_preferences(context))
    return Event(
        _message_id(message), kind, at_us, user, anonymous, name, fields, preferences, previous=previous, group=group
    )


def _kind(found: object) -> EventKind:
    kind = _KINDS.get(found) if isinstance(found, str) else None
    if kind is None:
        raise Malformed("type", f"expected one of {', '.join(_KINDS)}")
    return kind


def _keys(found: object, field: str) -> _Message:
    """Return what must be an object, or nothing."""
    if found is None and field not in ("body", ""):
        return {}
    if not isinstance(found, dict):
        raise Malformed(field, "expected an object")
    return found


def _text(message: _Message, field: str, max_chars: int) -> str:
    found = message.get(field)
    if found is None:
        return ""
    if not isinstance(found, str) or len(found) > max_chars or not _is_sound(found) or "\0" in found:
        raise Malformed(field, f"expected a text of at most {max_chars:,} characters")
    return found


def _id(message: _Message, field: str) -> str:
    """Return an id, which old clients may send as a number."""
    found = message.get(field)
    if isinstance(found, int) and not isinstance(found, bool):
        message = {field: str(found)}
    return _text(message, field, _ID_MAX_CHARS).strip()


def _message_id(message: _Message) -> str:
    """Return the event's id: of one that brings none but a time, from all that it says, so that a retry is the same."""
    told = _text(message, "messageId", _NAME_MAX_CHARS)
    if told:
        return told
    if message.get("timestamp") is None and message.get("originalTimestamp") is None:
        return uuid.uuid4().hex
    said = {key: value for key, value in message.items() if key != "sentAt"}
    written = json.dumps(said, sort_keys=True)
    return hashlib.blake2b(written.encode(), digest_size=16).hexdigest()


def _at_us(message: _Message, sent: object, received_us: int) -> int:
    """
    Return when an event happened by our clock [us since 1970], never later than now.

    The client's clock may be wrong: timestamp = receivedAt - (sentAt - originalTimestamp), as Segment's specification
    has it under "Timestamps".
    """
    field = "timestamp" if message.get("originalTimestamp") is None else "originalTimestamp"
    happened_us, sent_us = _moment_us(message.get(field), field), _moment_us(sent, "sentAt")
    if happened_us is None:
        return received_us
    corrected_us = happened_us if sent_us is None else received_us - (sent_us - happened_us)
    return max(0, min(corrected_us, received_us))


def _moment_us(found: object, field: str) -> int | None:
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise Malformed(field, "expected a time as ISO 8601 has it, such as 2026-03-01T09:30:00Z")
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


def _preferences(context: _Message) -> Iterator[tuple[str, bool]]:
    """Yield the yes or no to each category, as Segment tells it and as RudderStack does; a no comes last, and wins."""
    place = "context.consent.categoryPreferences"
    consent = _keys(context.get("consent"), "context.consent")
    told = _keys(consent.get("categoryPreferences"), place)
    if not all(isinstance(answer, bool) for answer in told.values()):
        raise Malformed(place, "expected true or false for each category")
    yield from ((name, True) for name, answer in told.items() if answer)
    managed = _keys(context.get("consentManagement"), "context.consentManagement")
    yield from ((name, True) for name in _names(managed, "allowedConsentIds"))
    yield from ((name, False) for name in _names(managed, "deniedConsentIds"))
    yield from ((name, False) for name, answer in told.items() if not answer)


def _names(managed: _Message, field: str) -> Sequence[str]:
    found = managed.get(field)
    names = [] if found is None else found
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Malformed(f"context.consentManagement.{field}", "expected a list of categories")
    return names


def _is_sound(value: object) -> bool:
    """Return whether all texts in a value can be written as UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in _letters(value))


def _letters(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
