"""What a policy's rules, segments and offers must hold, as tests for who writes one: subclass, name it, run pytest.

class TestOurs(PolicyConformance):
    policy = Path("policy")  # its folder, or its YAML in one text
    rare = {"jubilee"}  # what random customers will hardly meet
"""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Final

import attrs

from ..clock import NEVER_US
from ..engine.edge import Edge
from ..errors import ExtraMissing
from ..opening import open as open_edge
from ..policy import Policy
from ..registry import Registry
from .differential.compare import first_difference
from .generators.cases import Case, Decide, Given, Learn, Step
from .interpreter import evaluate
from .telling import Plainly, Telling, Told

#: So many offers are looked at in all by the engine that reads rules plainly; it is slow.
_COMPARED: Final = 5_000
#: So many customers come in all for offers that nobody has seen yet, but twenty for each.
_TRIED: Final = 5_000


class PolicyConformance:
    """
    The laws of a policy's own rules, segments and offers; each is a test.

    Attributes:
        policy: Its folder, or its YAML in one text.
        rare: Segments and offers that need not be met, such as one whose rule only a real customer fits.
        examples: So many customers and moments are tried, whose values are those that the rules tell apart.
    """

    policy: ClassVar[str | Path]
    rare: ClassVar[AbstractSet[str]] = frozenset()
    examples: ClassVar[int] = 500

    def test_each_rule_says_what_it_says_when_it_is_read_plainly(self) -> None:
        """Deciding is compiled and kept; a second engine, which reads each rule as it stands, decides the same."""
        wide = self._compiled
        few = max(5, min(self.examples // 5, _COMPARED // len(wide.offers) // len(wide.placements)))
        steps: list[tuple[int, Step]] = []
        for told in sorted(self._told[:few], key=lambda one: one.now_us):
            steps.append((told.now_us, Learn("someone", told.snapshot, told.consents)))
            given = Given(told.snapshot, told.consents, ())
            steps += [
                (told.now_us, Decide((placement.name,), "someone", told.context, given, preview=True))
                for placement in wide.placements
            ]
        difference = first_difference(Case(None, wide, NEVER_US, (), tuple(steps)))
        assert difference is None, f"the engines differ: {difference}"

    def test_each_segment_has_somebody_in_it_and_somebody_outside(self) -> None:
        """One that everybody or nobody is in says nothing: a rule that cannot be true, or is never false."""
        for segment in self._compiled.segments:
            if segment.name not in self.rare:
                found = {evaluate(segment.when, Plainly(self._compiled, told)) is True for told in self._told}
                assert True in found, f"nobody of {len(self._told)} is in the segment {segment.name}"
                assert False in found, f"everybody of {len(self._told)} is in the segment {segment.name}"

    def test_each_offer_is_shown_to_somebody(self) -> None:
        """With a yes to everything, room for all and nothing shown before, each offer is for somebody."""
        unseen = {offer.id: offer for offer in self._compiled.offers if offer.id not in self.rare}
        telling, chance = Telling(self._compiled), Random(1)  # noqa: S311 - the same each time
        with self._opened() as edge:
            for offer in tuple(unseen.values()):
                for _ in range(max(20, min(self.examples, _TRIED // len(self._compiled.offers)))):
                    if offer.id not in unseen:
                        break
                    for id_ in self._shown(edge, telling.one(chance, offer), offer.placements):
                        unseen.pop(id_, None)
        assert not unseen, f"these are shown to nobody: {', '.join(sorted(unseen))}"

    def test_no_customer_and_no_moment_makes_a_decision_fail(self) -> None:
        """Whoever comes, a decision is made."""
        with self._opened() as edge:
            for told in self._told[: max(20, _COMPARED // len(self._compiled.offers))]:
                for placement in self._compiled.placements:
                    careful = self._decided(edge, placement.name, told).careful
                    assert not any("failed" in one for one in careful), careful

    def test_each_placement_has_something_for_a_stranger(self) -> None:
        """Of somebody of whom nothing is known, and who agreed to nothing, no page has a hole."""
        outbound = {channel.name for channel in self._compiled.channels if channel.outbound}
        pages = [
            one.name for one in self._compiled.placements if one.channel not in outbound and one.name not in self.rare
        ]
        with self._opened() as edge:
            empty = [name for name in pages if not edge.decide(name).content]
        assert not empty, f"a stranger sees nothing here, give a fallback: {', '.join(empty)}"

    # What the laws are made of

    @cached_property
    def _registry(self) -> Registry:
        return Registry.installed()

    @cached_property
    def _compiled(self) -> Policy:
        """The policy, with room in each placement for all offers."""
        try:
            from ..authoring import compile_files, compile_folder  # noqa: PLC0415 - the extra author
        except ImportError as error:
            raise ExtraMissing("the laws of policies", "author") from error
        if isinstance(self.policy, Path):
            found = compile_folder(self.policy, registry=self._registry)
        else:
            found = compile_files({"policy.yaml": self.policy.encode()}, registry=self._registry)
        places = tuple(attrs.evolve(one, slots=len(found.offers), per_topic=None) for one in found.placements)
        return attrs.evolve(found, placements=places)

    @cached_property
    def _told(self) -> tuple[Told, ...]:
        telling, chance = Telling(self._compiled), Random(0)  # noqa: S311 - the same each time
        return tuple(telling.one(chance) for _ in range(self.examples))

    def _opened(self) -> Edge:
        self._now_us = self._told[0].now_us
        return open_edge(self._compiled, registry=self._registry, clock=lambda: self._now_us)

    def _decided(self, edge: Edge, placement: str, told: Told) -> Any:
        self._now_us = told.now_us
        brought: dict[str, Any] = {"profile": told.snapshot, "consents": told.consents, "contacts": ()}
        return edge.decide(placement, "someone", told.context, preview=True, **brought)

    def _shown(self, edge: Edge, told: Told, places: Sequence[str]) -> Iterator[str]:
        for name in places or [one.name for one in self._compiled.placements]:
            yield from (pick.offer for pick in self._decided(edge, name, told).picks)
