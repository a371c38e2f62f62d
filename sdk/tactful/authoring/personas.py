"""Personas and tests of a policy: made-up customers, and what is to be decided for them. They are read, not run."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from ..clock import SECOND_US
from ..consent import Consent, ConsentState, How
from ..contacts import Contact
from ..errors import ValueRefused
from ..policy import Policy
from ..profile import Observation, Snapshot
from ..schema import Source, ValueType, check_value
from .compile import plain_value
from .format_types import BOOL, DURATION, ID, SHARE, TEXT, Key, Record, as_keys, choice, nearest
from .periods import moment, zone_of
from .sections import ANY, FAMILIARITY, NAMES
from .source import Items, Keys, Log, Node, Place, Scalar, parse

PERSONA: Final = Record(
    "persona",
    {
        "who": Key(ANY, "identifiers by name; the persona's own name if left out"),
        "profile": Key(ANY, "values by attribute, or `value`, `source`, `age` and `confidence`"),
        "age": Key(DURATION, "how long ago the profile was made; now if left out"),
        "consents": Key(ANY, "by purpose: how consent was given, or a state such as withdrawn"),
        "contacts": Key(ANY, "a list of events: `event`, `ago`, and `topic`, `offer` or `channel`"),
        "say": Key(TEXT, "who this is"),
    },
)
VALUE: Final = Record(
    "value",
    {
        "value": Key(ANY, "the value", required=True),
        "source": Key(choice(Source, "source"), "where it comes from"),
        "age": Key(DURATION, "how long ago it was observed"),
        "confidence": Key(SHARE, "how sure it is"),
    },
)
SAID: Final = Record(
    "consent",
    {
        "state": Key(ID, "given, refused, withdrawn …"),
        "how": Key(choice(How, "way to give consent"), "how it was given"),
        "age": Key(DURATION, "how long ago"),
        "channel": Key(ID, "the one channel it is for"),
    },
    short="state",
)
CONTACT: Final = Record(
    "contact",
    {
        "event": Key(ID, "what happened", required=True),
        "ago": Key(DURATION, "how long ago", required=True),
        "topic": Key(ID, "what it was about"),
        "offer": Key(ID, "the offer"),
        "channel": Key(ID, "the channel"),
    },
)
TEST: Final = Record(
    "test",
    {
        "persona": Key(ID, "for whom; none if left out"),
        "at": Key(TEXT, "the moment, such as 2026-12-02 10:00"),
        "place": Key(NAMES, "the placement, or those of a page", required=True),
        "context": Key(ANY, "what is known of the moment"),
        "expect": Key(ANY, "what must be decided", required=True),
    },
)
EXPECT: Final = Record(
    "expect",
    {
        "offers": Key(NAMES, "exactly these, in this order"),
        "includes": Key(NAMES, "these among others"),
        "not": Key(NAMES, "none of these"),
        "tone": Key(FAMILIARITY, "nothing shown is more familiar than this"),
        "title": Key(TEXT, "the title of what is shown first"),
        "because": Key(ANY, "by offer, the reason (or the beginning of its id) that keeps it away"),
        "fallback": Key(BOOL, "whether nothing is chosen"),
    },
)


@attrs.frozen(repr=False)
class Persona:
    """A made-up customer. Ages count back from the moment at which it is used."""

    name: str
    who: Mapping[str, str]
    profile: tuple[tuple[str, Any, Source, int, float], ...] = ()
    consents: tuple[Consent, ...] = ()
    contacts: tuple[Contact, ...] = ()
    say: str = ""
    age_us: int = 0

    def snapshot_at(self, now_us: int) -> Snapshot:
        """Return the profile at a moment, as old as the persona says."""
        values = {
            name: Observation(value, source, now_us - age_us, confidence)
            for name, value, source, age_us, confidence in self.profile
        }
        return Snapshot(self.name, now_us - self.age_us, values)

    def consents_at(self, now_us: int) -> tuple[Consent, ...]:
        """Return the consents at a moment; their own times are ages."""
        return tuple(attrs.evolve(consent, at_us=now_us - consent.at_us) for consent in self.consents)

    def contacts_at(self, now_us: int) -> tuple[Contact, ...]:
        """Return the contacts at a moment; their own times are ages."""
        return tuple(attrs.evolve(contact, at_us=now_us - contact.at_us) for contact in self.contacts)


@attrs.frozen(repr=False)
class PolicyTest:
    """One test of a policy."""

    title: str
    place: Place
    persona: Persona | None
    at_us: int | None
    placements: tuple[str, ...]
    context: Mapping[str, object]
    expect: Mapping[str, Any]
    because: Mapping[str, str]


def read_personas(files: Mapping[str, bytes], policy: Policy, log: Log) -> dict[str, Persona]:
    """Return the personas in `personas/`, by name."""
    found: dict[str, Persona] = {}
    for name, keys in _items(files, "personas", log):
        found[name.text] = _persona(name.text, keys, policy, log)
    return found


def read_tests(
    files: Mapping[str, bytes], policy: Policy, personas: Mapping[str, Persona], log: Log
) -> tuple[PolicyTest, ...]:
    """Return the tests in `tests/`, in the order in which they stand."""
    return tuple(_test(name, keys, policy, personas, log) for name, keys in _items(files, "tests", log))


def _items(files: Mapping[str, bytes], folder: str, log: Log) -> Iterator[tuple[Scalar, Keys]]:
    for file in sorted(files):
        if file.startswith(f"{folder}/") and not file.endswith(".csv"):
            keys = parse(file, files[file], log)
            for name, node in keys.pairs if keys is not None else ():
                yield name, as_keys(node, folder.removesuffix("s"), log)


def _persona(name: str, keys: Keys, policy: Policy, log: Log) -> Persona:
    found = PERSONA.read(keys, log)
    who = {n.text: v.text for n, v in _pairs(found.get("who"), log) if isinstance(v, Scalar)} or {"customer": name}
    contacts = found.get("contacts")
    events = [CONTACT.read(n, log) for n in (contacts.items if isinstance(contacts, Items) else ())]
    return Persona(
        name,
        who,
        tuple(_values(found.get("profile"), policy, log)),
        tuple(_consents(found.get("consents"), policy, log)),
        tuple(
            Contact(
                f"{name}/{number}",
                name,
                event["event"],
                event["ago"] * SECOND_US,
                event.get("topic", ""),
                event.get("offer", ""),
                channel=event.get("channel", ""),
            )
            for number, event in enumerate(events)
            if {"event", "ago"} <= event.keys()
        ),
        found.get("say", ""),
        found.get("age", 0) * SECOND_US,
    )


def _pairs(node: Node | None, log: Log) -> tuple[tuple[Scalar, Node], ...]:
    return () if node is None else as_keys(node, "a mapping", log).pairs


def _values(node: Node | None, policy: Policy, log: Log) -> Iterator[tuple[str, Any, Source, int, float]]:
    schema = {attribute.name: attribute for attribute in policy.attributes}
    for name, written in _pairs(node, log):
        spec = schema.get(name.text)
        if spec is None:
            log.add(name.place, "unknown-attribute", f"there is no attribute {name.text!r}", nearest(name.text, schema))
            continue
        found: dict[str, Any] = {"value": written}
        if isinstance(written, Keys) and spec.type is not ValueType.SCORES:
            found = VALUE.read(written, log)
        try:
            value = check_value(spec.type, plain_value(found["value"], spec.type))
        except ValueRefused as error:
            log.add(written.place, "type", str(error))
        except KeyError:
            continue
        else:
            age_us = found.get("age", 0) * SECOND_US
            yield name.text, value, found.get("source", spec.source), age_us, found.get("confidence", 1.0)


def _consents(node: Node | None, policy: Policy, log: Log) -> Iterator[Consent]:
    purposes = {purpose.name for purpose in policy.purposes}
    hows, states = {how.value: how for how in How}, {state.name.lower(): state for state in ConsentState}
    for name, written in _pairs(node, log):
        if name.text not in purposes:
            log.add(name.place, "unknown-purpose", f"there is no purpose {name.text!r}", nearest(name.text, purposes))
            continue
        found = SAID.read(written, log)
        word = found.get("state", "given")
        how = found.get("how") or hows.get(word, How.UNKNOWN)
        if word not in states and word not in hows:
            log.add(written.place, "choice", f"{word!r} is no consent", nearest(word, {**states, **hows}))
            continue
        state = states.get(word, ConsentState.GIVEN)
        yield Consent(name.text, state, how, found.get("age", 0) * SECOND_US, channel=found.get("channel"))


def _test(name: Scalar, keys: Keys, policy: Policy, personas: Mapping[str, Persona], log: Log) -> PolicyTest:
    found = TEST.read(keys, log)
    expect = EXPECT.read(found["expect"], log) if "expect" in found else {}
    because = {n.text: v.text for n, v in _pairs(expect.pop("because", None), log) if isinstance(v, Scalar)}
    persona = found.get("persona", "none")
    if persona != "none" and persona not in personas:
        log.add(keys.place, "unknown-persona", f"there is no persona {persona!r}", nearest(persona, personas))
    known = {placement.name for placement in policy.placements}
    for place in found.get("place", ()):
        if place not in known:
            log.add(keys.place, "unknown-placement", f"there is no placement {place!r}", nearest(place, known))
    offers = {offer.id for offer in policy.offers}
    for offer in (*(o for key in ("offers", "includes", "not") for o in expect.get(key, ())), *because):
        if offer not in offers:
            log.add(keys.place, "unknown-offer", f"there is no offer {offer!r}", nearest(offer, offers))
    return PolicyTest(
        name.text,
        name.place,
        personas.get(persona),
        _moment(found.get("at"), keys.place, log),
        found.get("place", ()),
        dict(_context(found.get("context"), policy, log)),
        expect,
        because,
    )


def _context(node: Node | None, policy: Policy, log: Log) -> Iterator[tuple[str, object]]:
    types = {attribute.name: attribute.type for attribute in policy.context}
    types |= {"market": ValueType.TEXT, "language": ValueType.TEXT, "gpc": ValueType.BOOL}
    for name, written in _pairs(node, log):
        if name.text not in types:
            log.add(name.place, "unknown-context", f"there is no context {name.text!r}", nearest(name.text, types))
        else:
            yield name.text, plain_value(written, types[name.text])


def _moment(text: str | None, place: Place, log: Log) -> int | None:
    if text is None:
        return None
    written, _, zone = text.partition(" [")
    where = zone_of(zone.removesuffix("]") or "UTC")
    at_us = None if where is None else moment(written, where)
    if at_us is None:
        log.add(place, "period", f"{text!r} is no moment", "write 2026-12-02 10:00 or 2026-12-02 10:00 [Europe/Berlin]")
    return at_us
