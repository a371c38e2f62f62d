"""Reads what a policy says of itself and of customers: values, profile, context, purposes and segments."""

from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from ..consent import LegalBasis, Purpose
from ..expr import TRUE
from ..policy import Segment, Values
from ..schema import Attribute, ContextAttribute, Value
from .format_types import RULE_NAME
from .merged import Sections
from .records import keys_or_none, with_defaults
from .rulebook import Rulebook
from .sections import ATTRIBUTE, CONTEXT, COUNTS, PURPOSE, SEGMENT, VALUES
from .source import Items, Place
from .typed_values import read_value

_IN_SECONDS: Final = {"reserve": "reserve_s", "token": "token_s", "evidence": "evidence_s"}


def read_values(sections: Sections) -> tuple[Values, ZoneInfo]:
    """Return what the organization wants to be, and the time zone of offers' periods."""
    found = VALUES.read(sections.keys("values"), sections.log)
    zone = found.pop("zone", ZoneInfo("UTC"))
    found = {_IN_SECONDS.get(key, key): value for key, value in found.items()}
    languages = sections.keys("values").get("languages")
    if isinstance(languages, Items) and not languages.items:
        hint = "leave `languages` out for en"
        sections.log.add(languages.place, "language", "a policy speaks one language at least", hint)
    if not found.get("languages", True):
        del found["languages"]
    return Values(zone=zone.key, **found), zone


@attrs.frozen
class Profile:
    """
    The profile's attributes.

    Attributes:
        attributes: Those that are right.
        places: Where each is declared, right or wrong.
    """

    attributes: tuple[Attribute, ...]
    places: dict[str, Place]


def read_profile(sections: Sections) -> Profile:
    """Return the profile: attributes in groups, each group with what its `all:` adds."""
    places: dict[str, Place] = {}
    return Profile(tuple(_attributes(sections, places)), places)


def _attributes(sections: Sections, places: dict[str, Place]) -> Iterator[Attribute]:
    log = sections.log
    for group, node in sections.keys("profile").pairs:
        keys = keys_or_none(node, f"group {group.text!r}", log)
        for name, own in with_defaults(keys, ATTRIBUTE.words, log, ATTRIBUTE.short) if keys is not None else ():
            if name.text in places:
                first = places[name.text]
                message = f"attribute {name.text!r} is there twice; first in {first.file}:{first.line}"
                log.add(name.place, "duplicate", message)
                continue
            places[name.text] = name.place
            found = ATTRIBUTE.read(own, log, name)
            if sections.named(name, RULE_NAME) and ATTRIBUTE.complete(found):
                absent = _absent(found, sections)
                yield Attribute(
                    name.text,
                    purposes=found.pop("purpose", ()),
                    max_age_s=found.pop("max_age", None),
                    lease_s=found.pop("lease", None),
                    absent=absent,
                    **found,
                )


def read_context(sections: Sections) -> Iterator[ContextAttribute]:
    """Yield the attributes of the moment."""
    for name, found in sections.records("context", CONTEXT, RULE_NAME):
        absent = _absent(found, sections)
        yield ContextAttribute(name.text, absent=absent, **found)


def _absent(found: dict[str, Any], sections: Sections) -> Value | None:
    node = found.pop("absent", None)
    return None if node is None else read_value(found["type"], node, sections.log)


def read_purposes(sections: Sections) -> Iterator[Purpose]:
    """Yield what data is used for."""
    for name, found in sections.records("purposes", PURPOSE, RULE_NAME):
        regimes = tuple(found.pop("markets", {}).items())
        yield Purpose(name.text, legal_basis=found.pop("basis", LegalBasis.CONSENT), regimes=regimes, **found)


def read_segments(sections: Sections, rules: Rulebook) -> Iterator[Segment]:
    """Yield the segments, with their sizes as counted."""
    counts = COUNTS.read(sections.keys("counts"), sections.log) or {}
    for name, found in sections.records("segments", SEGMENT, RULE_NAME):
        if "size" in found and name.text in counts:
            message = f"the size of segment {name.text!r} is there twice, here and in `counts:`"
            sections.log.add(name.place, "duplicate", message)
        when = rules.rule(found["when"], rules.offer)
        yield Segment(name.text, when or TRUE, found.get("say", ""), found.get("size", counts.get(name.text)))
