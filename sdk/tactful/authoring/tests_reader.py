"""The tests of a policy: what is to be decided for a persona, and why not something else. They are read, not run."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from ..names import hint_for
from ..plan.slots import BUILT_IN_CONTEXT
from ..policy import Policy
from .format_types import BOOL, TEXT, Type, anything, many, name_of, scalar
from .periods import MOMENT
from .personas import Persona, items_of
from .records import Key, Record, as_keys, mapping
from .sections import FAMILIARITY
from .source import Keys, Log, Node, Place, Scalar
from .typed_values import read_value


def _persona(node: Node, log: Log) -> str | None:
    if isinstance(node, Scalar) and node.text == "none":
        return node.text
    return name_of("persona").read(node, log)


REASON: Final = scalar("a reason, or the beginning of its id", lambda text: text or None)
OFFERS: Final = many(name_of("offer"))
TEST: Final = Record(
    "test",
    {
        "persona": Key(Type("the name of a persona, or none", _persona), "for whom", default="`none`"),
        "at": Key(MOMENT, "the moment", default="the moment at which the test runs"),
        "place": Key(many(name_of("placement")), "the placement, or those of a page", required=True),
        "context": Key(anything("keys: values by name"), "what is known of the moment"),
        "expect": Key(anything("keys of an expectation"), "what must be decided", required=True),
    },
)
EXPECT: Final = Record(
    "expectation",
    {
        "offers": Key(OFFERS, "exactly these are shown, in this order; `[]` for none"),
        "includes": Key(OFFERS, "these are shown, among others"),
        "not": Key(OFFERS, "none of these is shown"),
        "tone": Key(FAMILIARITY, "nothing shown is more familiar than this"),
        "title": Key(TEXT, "the title of what is shown first"),
        "because": Key(
            mapping(REASON, "because", of="offer"),
            "by offer, the reason that keeps it away, or the beginning of its id",
        ),
        "fallback": Key(BOOL, "whether nothing is chosen"),
    },
)


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


def read_tests(
    files: Mapping[str, bytes], policy: Policy, personas: Mapping[str, Persona], log: Log
) -> tuple[PolicyTest, ...]:
    """Return the tests in `tests/`, in the order in which they stand; those that are wrong are noted."""
    found = []
    for name, node in items_of(files, "tests", log):
        values = TEST.read(node, log, name)
        expect = _expect(name, as_keys(values.get("expect"), "expect", log), log) if "expect" in values else {}
        context = dict(read_context_values(as_keys(values.get("context"), "context", log), policy, log))
        if TEST.complete(values):
            persona = personas.get(values.get("persona", "none"))
            found.append(PolicyTest(name.text, name.place, persona, values.get("at"), values["place"], context, expect))
    return tuple(found)


def _expect(name: Scalar, keys: Keys, log: Log) -> dict[str, Any]:
    found = EXPECT.read(keys, log)
    if not keys.pairs:
        log.add(name.place, "expectation", "the test expects nothing", "say what must be shown, as in offers: [olives]")
    return found


def read_context_values(given: Keys, policy: Policy, log: Log) -> Iterator[tuple[str, object]]:
    """Yield the context's values by name, as a caller of `decide` would give them."""
    types = {attribute.name: attribute.type for attribute in (*BUILT_IN_CONTEXT, *policy.context)}
    for name, node in given.pairs:
        if name.text in types:
            yield name.text, read_value(types[name.text], node, log)
        elif not log.unread:
            hint = hint_for(name.text, types)
            log.add(name.place, "unknown-context", f"there is no attribute {name.text!r} in the context", hint)
