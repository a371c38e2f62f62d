"""A hundred guardrails that break the contract, each in one way. All declare that they limit what is about food."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs

import tactful
from tactful import (
    Always,
    AtMost,
    Cap,
    Catalog,
    Counted,
    Familiarity,
    Hide,
    PluginError,
    RankBlind,
    Require,
    Rolling,
    Scope,
    Sensitivity,
    Source,
    UpTo,
    When,
    Withhold,
)

#: Set when the tests are over, so that what hangs comes back.
OVER = threading.Event()


def food(catalog: Catalog) -> Scope:
    return catalog.topic("food")


def fair(catalog: Catalog) -> Iterator[object]:
    yield Always(Withhold(catalog.topic("wine")), "a limit like any other")


def guardrail(
    *,
    init: Callable[[], object] = int,
    scope: Callable[..., object] = food,
    limits: Callable[..., object] = fair,
    **more: Any,
) -> type:
    """Return a guardrail class that does this when it is made, and asked for its scope and its limits."""

    class Hostile:
        name = "hostile"

        def __attrs_post_init__(self) -> None:
            init()

        def scope(self, catalog: Catalog) -> object:
            return scope(catalog)

        def limits(self, catalog: Catalog) -> object:
            return limits(catalog)

        def sentence(self) -> str:
            return "It does as it likes."

    for attribute, value in more.items():
        setattr(Hostile, attribute, value)
    return attrs.frozen(Hostile)


def raising(error: BaseException | type[BaseException]) -> Callable[..., Any]:
    def act(*_: object) -> None:
        raise error

    return act


def hanging(*_: object) -> None:
    OVER.wait()


def answering(answer: object) -> Callable[[Catalog], object]:
    return lambda _: answer


def yielding(*rules: object) -> Callable[[Catalog], Iterator[object]]:
    """Return limits that yield a fair rule and then these, each made of the catalog if it can be called."""

    def limits(catalog: Catalog) -> Iterator[object]:
        yield from fair(catalog)
        for rule in rules:
            yield rule(catalog) if callable(rule) and not isinstance(rule, type) else rule

    return limits


def put(target: object, name: str, value: object) -> None:
    """Change what is frozen, as only those do who mean to."""
    object.__setattr__(target, name, value)


class Worse(BaseException):
    """What is no exception that anybody catches."""


class Talkative(PluginError):
    """An error whose words are code."""

    def __str__(self) -> str:
        raise RuntimeError


class Moody(Withhold):
    """A limit that limits nothing from the second time on that it is asked."""

    asked = 0

    @property
    def scope(self) -> Scope:
        Moody.asked += 1
        return Scope(1) if Moody.asked == 1 else Scope()


class Wide(Scope):
    """A scope that lies in everything."""

    def __le__(self, other: Scope) -> bool:
        return True


class Text(str):
    """A text that is equal to whatever it is compared with."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True


class Late(Always):
    """A rule of a class of its own."""


def _recursion(*_: object) -> None:
    _recursion()


def _negative() -> Scope:
    scope = Scope()
    put(scope, "bits", -1)
    return scope


def _after_one(act: Callable[[], object]) -> Callable[[Catalog], Iterator[object]]:
    def limits(catalog: Catalog) -> Iterator[object]:
        yield from fair(catalog)
        act()

    return limits


def _endless(catalog: Catalog) -> Iterator[object]:
    number = 0
    while True:
        number += 1
        yield Always(Withhold(food(catalog)), "", id=f"n{number}")


async def _soon() -> None:
    """Answer when somebody waits for it."""


_SOON = _soon()
_SOON.close()


async def _later_still(catalog: Catalog) -> Any:
    yield Always(Withhold(food(catalog)), "")


def _rule(**fields: object) -> Callable[[Catalog], object]:
    return lambda c: Always(**{"limit": Withhold(food(c)), "reason": "", "id": "x", **fields})


def _when(**fields: object) -> Callable[[Catalog], object]:
    return lambda c: When(
        **{"condition": "context.rain", "limit": Withhold(food(c)), "reason": "", "id": "x", **fields}
    )


def _limit(make: Callable[[Catalog], object]) -> Callable[[Catalog], Iterator[object]]:
    return yielding(lambda c: Always(make(c), "", id="x"))


def _cap(**fields: object) -> Callable[[Catalog], Iterator[object]]:
    """Return a cap with what its class would not take."""

    def make(catalog: Catalog) -> Cap:
        made = Cap(food(catalog), 1, Rolling(60))
        for name, value in fields.items():
            object.__setattr__(made, name, value)
        return made

    return _limit(make)


def _changing(act: Callable[[Catalog], object]) -> type:
    """Return a guardrail whose limits are fair, after something was done to the catalog."""

    def limits(catalog: Catalog) -> Iterator[object]:
        act(catalog)
        return fair(catalog)

    return guardrail(limits=limits)


def _first(catalog: Catalog, topic: str = "wine") -> Any:
    return next(entry for entry in catalog.entries if entry.offer.topic == topic)


def _forget(catalog: Catalog) -> None:
    for use in catalog.policy.guardrails:
        use.settings.clear()


#: It fails before it has declared its scope: everything is withheld.
BEFORE = {
    **{
        f"made, it raises {e.__name__}": guardrail(init=raising(e))
        for e in (
            TypeError,
            ValueError,
            KeyError,
            RuntimeError,
            MemoryError,
            StopIteration,
            SystemExit,
            KeyboardInterrupt,
            GeneratorExit,
            Worse,
        )
    },
    "made, it never ends to call itself": guardrail(init=_recursion),
    "made, it hangs": guardrail(init=hanging),
    "it needs a setting that nobody gives": attrs.make_class("Hostile", ["needs"], class_body={"name": "hostile"}),
    "its dial is no mapping": guardrail(dial=["bold"]),
    "its dial holds no settings": guardrail(dial={"balanced": 3}),
    "its dial names a setting that it has not": guardrail(dial={"balanced": {"loud": True}}),
    "it has no scope": attrs.make_class("Hostile", [], class_body={"name": "hostile"}),
    **{
        f"asked for its scope, it raises {e.__name__}": guardrail(scope=raising(e))
        for e in (
            ValueError,
            AttributeError,
            SystemExit,
            KeyboardInterrupt,
            Worse,
        )
    },
    "asked for its scope, it hangs": guardrail(scope=hanging),
    "asked for its scope, it never ends to call itself": guardrail(scope=_recursion),
    "asked for its scope, it says so later": guardrail(scope=answering(_SOON)),
    "its words are code": guardrail(scope=raising(Talkative(""))),
    **{
        f"its scope is {words}": guardrail(scope=answering(answer))
        for words, answer in {
            "nothing": None,
            "a text": "all",
            "a number": 5,
            "true": True,
            "a set": frozenset({1}),
            "a list": [1],
            "a class": Scope,
            "of a class of its own": Wide(1),
            "below zero": _negative(),
        }.items()
    },
    "its scope is the bits alone": guardrail(scope=lambda c: c.all.bits),
}

#: It fails after it has declared its scope: that is withheld.
AFTER = {
    **{
        f"asked for its limits, it raises {e.__name__}": guardrail(limits=raising(e))
        for e in (
            RuntimeError,
            KeyError,
            MemoryError,
            SystemExit,
            KeyboardInterrupt,
            GeneratorExit,
            Worse,
        )
    },
    **{
        f"after a limit, it raises {e.__name__}": guardrail(limits=_after_one(raising(e)))
        for e in (
            RuntimeError,
            SystemExit,
            KeyboardInterrupt,
            Worse,
        )
    },
    "asked for its limits, it hangs": guardrail(limits=hanging),
    "after a limit, it hangs": guardrail(limits=_after_one(hanging)),
    "its limits never end": guardrail(limits=_endless),
    "asked for its limits, it says so later": guardrail(limits=answering(_SOON)),
    "it yields its limits later": guardrail(limits=_later_still),
    **{
        f"its limits are {words}": guardrail(limits=answering(answer))
        for words, answer in {
            "nothing": None,
            "a text": "none of it",
            "a number": 7,
            "a mapping": {"a": 1},
            "a list of nothing": [None],
            "a list of texts": ["no"],
            "a list of classes": [Always, Withhold],
            "a list of lists": [[]],
        }.items()
    },
    "its limit has no rule": guardrail(limits=yielding(lambda c: Withhold(food(c)))),
    "its rule is of a class of its own": guardrail(limits=yielding(lambda c: Late(Withhold(food(c)), ""))),
    "its limit is of a class of its own": guardrail(limits=_limit(lambda _: Moody(Scope(1)))),
    "its limit is a text": guardrail(limits=_limit(lambda _: "none of it")),
    "it limits more than it declared": guardrail(limits=_limit(lambda c: Withhold(c.topic("home")))),
    "it limits what is not in the catalog": guardrail(limits=_limit(lambda c: Withhold(Scope(c.all.bits + 1)))),
    "it limits a scope of a class of its own": guardrail(limits=_limit(lambda c: Withhold(Wide(c.all.bits)))),
    "it limits below zero": guardrail(limits=_limit(lambda _: Withhold(_negative()))),
    "it limits no scope": guardrail(limits=_limit(lambda _: RankBlind(None))),
    "it hides more than it declared": guardrail(limits=_limit(lambda _: Hide(("tier",)))),
    "it demands more than it declared": guardrail(limits=_limit(lambda _: Require(("tier",), confidence=0.9))),
    "it hides what there is not": guardrail(limits=_limit(lambda _: Hide(("secrets",)))),
    "it hides for nobody": guardrail(limits=_limit(lambda _: Hide(("pills",), ("mischief",)))),
    "it hides a text": guardrail(limits=_limit(lambda _: Hide("pills"))),
    "it hides numbers": guardrail(limits=_limit(lambda _: Hide((1,)))),
    "it softens to a number": guardrail(limits=_limit(lambda c: UpTo(food(c), 1, 1))),
    "it softens to nothing": guardrail(limits=_limit(lambda c: UpTo(food(c), Familiarity.CONTEXT, None))),
    **{
        f"it allows at most {words}": guardrail(limits=_limit(lambda c, q=quota: AtMost(food(c), **q)))
        for words, quota in {
            "minus one": {"count": -1},
            "one and a half": {"count": 1.5},
            "true": {"count": True},
            "a text": {"count": "1"},
            "no number of them": {"share": float("nan")},
            "twice of all": {"share": 2.0},
            "nothing said": {},
        }.items()
    },
    **{
        f"it demands {words}": guardrail(limits=_limit(lambda _, d=demand: Require(("pills",), **d)))
        for words, demand in {
            "to be surer than sure": {"confidence": 2.0},
            "to be no number sure": {"confidence": float("nan")},
            "a list of sources": {"sources": [Source.STATED]},
            "texts as sources": {"sources": frozenset({"stated"})},
            "no age": {"max_age_s": 0},
            "half an age": {"max_age_s": 0.5},
            "a number of parties": {"first_party": 1},
            "no wait": {"min_age_s": 0},
            "a true wait": {"min_age_s": True},
            "a text of channels": {"channels": "web"},
        }.items()
    },
    **{
        f"its cap has {words}": guardrail(limits=_cap(**fields))
        for words, fields in {
            "no count": {"count": 0},
            "a true count": {"count": True},
            "no window": {"window": 60},
            "no event": {"counted": Counted("")},
            "an event of two lines": {"counted": Counted("a\nb")},
            "no dimension": {"of": "shop"},
            "no outcome": {"then": "beg"},
            "no suppression": {"suppress_s": 0},
            "a number for exact": {"exact": 1},
            "a number for a wish": {"wish": 7},
            "no wish": {"wish": None},
            "a wish of two lines": {"wish": "a\nb"},
            "a wish of a household": {"wish": "visits", "per": "household"},
            "a strict wish": {"wish": "visits", "strict": True},
            "something instead of a wish": {"wish": "visits", "then": "replace"},
        }.items()
    },
    "its cap has a condition": guardrail(limits=yielding(_when(limit=Cap(Scope(), 1, Rolling(60))))),
    "its demand has a condition": guardrail(limits=yielding(_when(limit=Require(("pills",))))),
    **{
        f"its reason is {words}": guardrail(limits=yielding(_rule(reason=reason)))
        for words, reason in {
            "nothing": None,
            "a number": 5,
            "of two lines": "a\nb",
            "without an end": "a" * 5_000,
            "a list": ["a"],
            "of a class of its own": Text("a"),
        }.items()
    },
    "its words for customers are of two lines": guardrail(limits=yielding(_rule(say="a\rb"))),
    "its words for customers are bytes": guardrail(limits=yielding(_rule(say=b"a"))),
    **{
        f"its id is {words}": guardrail(limits=yielding(_rule(id=id_)))
        for words, id_ in {
            "a number": 5,
            "of two lines": "a\nb",
            "of two words": "a b",
            "without an end": "a" * 300,
            "twice the same": "1",
        }.items()
    },
    **{
        f"its condition is {words}": guardrail(limits=yielding(_when(condition=condition)))
        for words, condition in {
            "nothing": None,
            "a list": ["context.rain"],
            "true": True,
            "bytes": b"context.rain",
            "not in the bundle": "1 == 1",
            "of what it may not read": "profile.test",
            "empty": "",
            "of a class of its own": Text("context.rain"),
        }.items()
    },
}

#: It changes its own copy of what it is shown, or tries to: what it declared is withheld.
CHANGING_ITS_OWN = {
    "it empties the catalog's scope": _changing(lambda c: setattr(c, "all", Scope())),
    "it takes the catalog's entries": _changing(lambda c: setattr(c, "entries", ())),
    "it deletes the catalog's policy": _changing(lambda c: delattr(c, "policy")),
    "it empties the catalog's scope by force": _changing(lambda c: put(c, "all", Scope())),
    "it takes the catalog's entries by force": _changing(lambda c: put(c, "entries", ())),
    "it changes the policy by force": _changing(lambda c: put(c.policy, "purposes", ())),
    "it changes the others' settings": _changing(_forget),
    "it adds to the others' settings": _changing(
        lambda c: c.policy.guardrails[0].settings.update({"confidence": 0.0, "sensitive_confidence": 0.0})
    ),
    "it changes an offer": _changing(lambda c: setattr(_first(c).offer, "topic", "home")),
}

#: It changes by force what all are shown: what it declared is not believed either, and everything is withheld.
CHANGING = {
    "it changes an offer by force": _changing(lambda c: put(_first(c).offer, "topic", "home")),
    "it changes a rule by force": _changing(lambda c: put(_first(c, "money").offer, "when", tactful.expr.TRUE)),
    "it changes labels by force": _changing(
        lambda c: put(_first(c, "baby").labels, "sensitivity", Sensitivity.ORDINARY)
    ),
    "it changes a topic by force": _changing(
        lambda c: [put(topic, "sensitivity", Sensitivity.ORDINARY) for topic in c.policy.topics]
    ),
    "it changes an attribute by force": _changing(
        lambda c: [put(a, "sensitivity", Sensitivity.ORDINARY) or put(a, "topic", None) for a in c.policy.attributes]
    ),
    "it changes a purpose by force": _changing(
        lambda c: [put(p, "legal_basis", tactful.LegalBasis.CONTRACT) for p in c.policy.purposes]
    ),
    "it changes a channel by force": _changing(
        lambda c: [put(one, "privacy", tactful.Privacy.PRIVATE) for one in c.policy.channels]
    ),
}
