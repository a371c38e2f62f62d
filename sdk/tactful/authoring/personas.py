"""Personas of a policy: made-up customers, for its tests and for trying out. They are read, not decided for."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import attrs

from ..clock import SECOND_US
from ..consent import Consent, ConsentState, How
from ..contacts import Contact
from ..names import hint_for
from ..offers import Intent, OfferClass
from ..policy import Policy
from ..profile import Observation, Snapshot
from ..schema import Attribute, Source, ValueType
from .format_types import DURATION, ID, SHARE, TEXT, anything, choice, many, name_of, one_of, scalar, whole
from .records import Key, Record, as_keys, mapping
from .source import Keys, Log, Node, Place, Scalar
from .typed_values import read_value
from .yaml_reader import parse


def _so_many(text: str) -> int | None:
    number = whole(text)
    return number if number is not None and 1 <= number <= TIMES_MAX else None


_STATES: Final = {state.name.lower(): (state, How.UNKNOWN) for state in ConsentState}
#: What a customer may have said, in a word: how consent was given, or another state.
SAYINGS: Final = {**_STATES, **{how.value: (ConsentState.GIVEN, how) for how in How if how is not How.UNKNOWN}}
VALUE: Final = Record(
    "value",
    {
        "value": Key(anything("a value of the attribute's type"), "the value", required=True),
        "source": Key(choice(Source, "source"), "where it comes from", default="as the attribute says"),
        "age": Key(DURATION, "how long ago it was observed", default="just now"),
        "gave": Key(DURATION, "how long ago the customer last got value for it", default="never"),
        "confidence": Key(SHARE, "how sure it is", default="`100%`"),
    },
)
CONSENT: Final = Record(
    "consent",
    {
        "state": Key(one_of(SAYINGS, "consent"), "how it was given, or another state such as withdrawn", required=True),
        "how": Key(choice(How, "way to give consent"), "how it was given", default="as `state` says"),
        "age": Key(DURATION, "how long ago", default="just now"),
        "channel": Key(name_of("channel"), "the one channel it is for", default="all"),
    },
    short="state",
)
#: More than this no policy has to count in a test.
TIMES_MAX: Final = 10_000
TIMES: Final = scalar(f"a whole number from 1 to {TIMES_MAX}", _so_many)
CONTACT: Final = Record(
    "contact",
    {
        "event": Key(ID, "what happened, such as shown, click or purchase", required=True),
        "ago": Key(DURATION, "how long ago", required=True),
        "topic": Key(name_of("topic"), "what it was about"),
        "offer": Key(name_of("offer"), "the offer"),
        "channel": Key(name_of("channel"), "the channel"),
        "tags": Key(many(ID), "the tags that the offer had then", default="none"),
        "owner": Key(ID, "its owner then", default="not known"),
        "intent": Key(choice(Intent, "intent"), "its intent then", default="not known"),
        "class": Key(choice(OfferClass, "class"), "its class then", default="not known"),
        "times": Key(TIMES, "so many times", default="`1`"),
    },
)
PERSONA: Final = Record(
    "persona",
    {
        "say": Key(TEXT, "who this is"),
        "who": Key(mapping(TEXT, "who", of="identifier"), "identifiers by name", default="`customer`: its own name"),
        "profile": Key(anything("keys: values by attribute"), "what is known, or keys of a value for each"),
        "age": Key(DURATION, "how long ago the profile was made", default="just now"),
        "consents": Key(mapping(CONSENT.as_type(), "consents", of="purpose"), "what was said, by purpose"),
        "contacts": Key(many(CONTACT.as_type()), "what happened before"),
    },
)


@attrs.frozen(repr=False)
class Known:
    """One value of a persona, with its age."""

    name: str
    value: Any
    source: Source
    age_us: int
    confidence: float
    gave_ago_us: int | None = None

    def observed(self, now_us: int) -> Observation:
        """Return it as it is on record at a moment."""
        gave_us = None if self.gave_ago_us is None else now_us - self.gave_ago_us
        return Observation(self.value, self.source, now_us - self.age_us, self.confidence, gave_us=gave_us)


@attrs.frozen(repr=False)
class Persona:
    """A made-up customer. Ages count back from the moment at which it is used."""

    name: str
    who: Mapping[str, str]
    profile: tuple[Known, ...] = ()
    consents: tuple[Consent, ...] = ()
    contacts: tuple[Contact, ...] = ()
    say: str = ""
    age_us: int = 0

    def snapshot_at(self, now_us: int) -> Snapshot:
        """Return the profile at a moment, as old as the persona says."""
        return Snapshot(self.name, now_us - self.age_us, {one.name: one.observed(now_us) for one in self.profile})

    def consents_at(self, now_us: int) -> tuple[Consent, ...]:
        """Return the consents at a moment; their own times are ages."""
        return tuple(attrs.evolve(consent, at_us=now_us - consent.at_us) for consent in self.consents)

    def contacts_at(self, now_us: int) -> tuple[Contact, ...]:
        """Return the contacts at a moment; their own times are ages."""
        return tuple(attrs.evolve(contact, at_us=now_us - contact.at_us) for contact in self.contacts)


def read_personas(
    files: Mapping[str, bytes], policy: Policy, attributes: Collection[str], log: Log
) -> dict[str, Persona]:
    """
    Return the personas in `personas/`, by name.

    Args:
        files: The folder's files by name.
        policy: The policy that they are for.
        attributes: All names of attributes that it declares, right or wrong.
        log: Takes the mistakes.
    """
    schema = {attribute.name: attribute for attribute in policy.attributes}
    found: dict[str, Persona] = {}
    for name, node in items_of(files, "personas", log):
        values = PERSONA.read(node, log, name)
        if ID.read(name, log) is not None:
            profile = as_keys(values.get("profile"), "profile", log)
            known = tuple(_known(profile, schema, attributes, log))
            found[name.text] = _persona(name.text, values, known)
    return found


def items_of(files: Mapping[str, bytes], folder: str, log: Log) -> Iterator[tuple[Scalar, Node]]:
    """Yield the named items of a folder's files, each name once."""
    seen: dict[str, Place] = {}
    for file in sorted(files):
        if file.startswith(f"{folder}/") and not file.endswith(".csv"):
            keys = parse(file, files[file], log)
            for name, node in keys.pairs if keys is not None else ():
                first = seen.setdefault(name.text, name.place)
                if first is name.place:
                    yield name, node
                else:
                    message = f"{name.text!r} is there twice; first in {first.file}:{first.line}"
                    log.add(name.place, "duplicate", message)


def _persona(name: str, values: Mapping[str, Any], profile: tuple[Known, ...]) -> Persona:
    consents = tuple(_consent(purpose, said) for purpose, said in values.get("consents", {}).items())
    contacts = tuple(
        _contact(f"{name}/{number}/{time}", name, event)
        for number, event in enumerate(values.get("contacts", ()))
        for time in range(event.get("times", 1))
    )
    who = values.get("who") or {"customer": name}
    age_us = values.get("age", 0) * SECOND_US
    return Persona(name, who, profile, consents, contacts, values.get("say", ""), age_us)


def _contact(id_: str, customer: str, event: Mapping[str, Any]) -> Contact:
    return Contact(
        id_,
        customer,
        event["event"],
        event["ago"] * SECOND_US,  # until a moment is known, `at_us` is an age
        event.get("topic", ""),
        event.get("offer", ""),
        channel=event.get("channel", ""),
        owner=event.get("owner", ""),
        tags=tuple(event.get("tags", ())),
        intent=event["intent"].value if "intent" in event else "",
        offer_class=event["class"].value if "class" in event else "",
    )


def _consent(purpose: str, said: Mapping[str, Any]) -> Consent:
    state, how = said["state"]
    age_us = said.get("age", 0) * SECOND_US  # until a moment is known, `at_us` is an age
    return Consent(purpose, state, said.get("how", how), age_us, channel=said.get("channel"))


def _known(profile: Keys, schema: Mapping[str, Attribute], attributes: Collection[str], log: Log) -> Iterator[Known]:
    for name, node in profile.pairs:
        attribute = schema.get(name.text)
        if attribute is None:
            if name.text not in attributes and not log.unread:
                hint = hint_for(name.text, attributes)
                log.add(name.place, "unknown-attribute", f"there is no attribute {name.text!r}", hint)
            continue
        found: dict[str, Any] = {"value": node}
        if isinstance(node, Keys) and (attribute.type is not ValueType.SCORES or node.get("value") is not None):
            found = VALUE.read(node, log, name)
        value = read_value(attribute.type, found["value"], log) if "value" in found else None
        if value is not None:
            source, confidence = found.get("source", attribute.source), found.get("confidence", 1.0)
            age_us, gave_s = found.get("age", 0) * SECOND_US, found.get("gave")
            gave_ago_us = None if gave_s is None else gave_s * SECOND_US
            yield Known(name.text, value, source, age_us, confidence, gave_ago_us)
