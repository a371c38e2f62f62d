"""Offers drawn at random: each as a line of a policy file, and as what the compiler makes of that line."""

from collections.abc import Iterator
from random import Random
from typing import Final

import attrs

from ..expr import TRUE, Call, Const, Expr, Var
from ..offers import Field, FieldKind, Intent, Offer, Treatment
from ..schema import ValueType

TOPICS: Final = 20
ATTRIBUTES: Final = 40
SEGMENTS: Final = 10
#: What offers ask for, in turn.
_WHEN: Final = (
    "profile.a{a} >= {n}",
    "profile.a{a} >= {n} && profile.a{b} < {m}",
    "segment.s{s}",
    'context.page == "p{p}" || profile.a{a} > {n}',
    "",
)
_KINDS: Final = len(_WHEN)


@attrs.frozen
class Drawn:
    """
    One offer.

    Attributes:
        number: Which of all it is; what it asks for goes in turn.
        a, b: Numbers of attributes that it asks about.
        n, m: What they are compared with.
        s: The number of a segment.
        p: The number of a page.
        topic: The number of its topic.
        value: What it is worth.
    """

    number: int
    a: int
    b: int
    n: int
    m: int
    s: int
    p: int
    topic: int
    value: float

    def line(self) -> str:
        """Return it as a policy file has it."""
        when = _WHEN[self.number % _KINDS].format(a=self.a, b=self.b, n=self.n, m=self.m, s=self.s, p=self.p)
        rule = f"when: '{when}', " if when else ""
        worth = f"value: {self.value}, affinity: t{self.topic}"
        return f"  o{self.number}: {{topic: t{self.topic}, {rule}{worth}, treatments: [Offer {self.number}]}}\n"

    def offer(self) -> Offer:
        """Return it compiled: reading a hundred thousand lines would take longer than all that is timed."""
        title = Field("title", FieldKind.TEXT, (f"Offer {self.number}",))
        return Offer(
            id=f"o{self.number}",
            intent=Intent.SELL,
            topic=f"t{self.topic}",
            purpose="offers",
            treatments=(Treatment("t1", (("en", (title,)),)),),
            owner="marketing",
            when=self._when(),
            value=self.value,
            affinity=f"t{self.topic}",
        )

    def _when(self) -> Expr:
        match self.number % _KINDS:
            case 0:
                return _compared(self.a, ">=", self.n)
            case 1:
                return _both("&&", _compared(self.a, ">=", self.n), _compared(self.b, "<", self.m))
            case 2:
                return Var(f"segment.s{self.s}", ValueType.BOOL)
            case 3:
                page = Var("context.page", ValueType.TEXT), Const(ValueType.TEXT, f"p{self.p}")
                return _both("||", Call("==", page, ValueType.BOOL), _compared(self.a, ">", self.n))
            case _:
                return TRUE


def drawn(offers: int, random: Random) -> Iterator[Drawn]:
    """Yield so many offers."""
    for number in range(offers):
        yield Drawn(
            number=number,
            a=random.randrange(ATTRIBUTES),
            b=random.randrange(ATTRIBUTES),
            n=random.randrange(9),
            m=random.randrange(1, 9),
            s=random.randrange(SEGMENTS),
            p=random.randrange(5),
            topic=random.randrange(TOPICS),
            value=round(random.uniform(0.5, 5), 3),
        )


def _compared(attribute: int, fn: str, number: int) -> Expr:
    return Call(fn, (Var(f"profile.a{attribute}", ValueType.INT), Const(ValueType.INT, number)), ValueType.BOOL)


def _both(fn: str, one: Expr, other: Expr) -> Expr:
    return Call(fn, (one, other), ValueType.BOOL)
