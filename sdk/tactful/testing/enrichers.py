"""What every enricher must hold, as tests for the author of one: subclass, name it, run pytest.

class TestTown(EnricherConformance):
    enricher = Town
    policy = SHOP  # the YAML of a shop whose profile has what it reads and gives
    known = {"postcode": "10115"}  # values of which it gives something
"""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..enriching import Derived, Enrichers, declared
from ..errors import PluginError
from ..plan.plan import Plan
from ..policy import Policy
from ..profile import Observation, Snapshot
from ..schema import Source, check_value
from .generators.chance import NOON_US
from .plugin_laws import PluginConformance
from .strategies import snapshots

_SEEDS: Final = st.data()
_OLD_US: Final = NOON_US - 3_600_000_000


class EnricherConformance(PluginConformance):
    """
    The laws of an enricher; each is a test.

    Attributes:
        enricher: The class.
        known: Values by attribute that it reads, of which it gives something under each of the settings.
    """

    enricher: ClassVar[type]
    known: ClassVar[Mapping[str, Any]]
    kind: ClassVar[str] = "enricher"

    def test_a_policy_can_name_it_and_its_settings_are_taken(self) -> None:
        """The compiler takes it under each of its settings, and the schema lets it read and give what it does."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            with self._opened(policy) as edge:
                assert edge.status()["careful"] == []
                assert edge.status()["enrichers"] == {self._name: 0}

    def test_it_gives_what_it_says(self) -> None:
        """Of the known values it gives something, which fits the schema."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            after, (enriching, _) = self._enriched(policy, self._snapshot(policy))
            assert enriching.failed == 0
            assert set(enriching.use.gives) & set(after.attributes), f"it gives nothing under {dict(chosen)}"

    def test_what_it_gives_is_no_younger_nor_surer_than_what_it_read(self) -> None:
        """A value that was worked out is as old as the oldest it was worked out of, and never stated or observed."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            after, (enriching, _) = self._enriched(policy, self._snapshot(policy, confidence=0.5, first_party=False))
            for seen in (after.attributes[name] for name in enriching.use.gives if name in after.attributes):
                assert seen.at_us == _OLD_US
                assert seen.confidence <= 0.5  # noqa: PLR2004 - as said above
                assert not seen.first_party
                assert seen.source in {Source.DERIVED, Source.MODELLED}

    def test_asked_again_it_says_the_same(self) -> None:
        """The same values give the same answer: no clock, no chance, no memory of other customers."""
        for chosen in self.settings:
            self._each(self._compiled(chosen), self._says_the_same)

    def test_it_copes_with_whoever_comes(self) -> None:
        """No values make it fail: what it cannot tell it leaves out."""
        for chosen in self.settings:
            self._each(self._compiled(chosen), self._copes)

    def test_it_changes_nothing_of_what_it_is_shown(self) -> None:
        """What it gets is a copy; that it leaves it as it was keeps it honest with itself."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            known = dict(self._plain(policy))
            shown = copy.deepcopy(known)
            self._made(policy).enrich(shown)
            assert shown == known

    def test_if_it_breaks_what_it_gives_is_unknown(self) -> None:
        """One that raises leaves nothing of what it gives known, and the decision is made all the same."""
        broken = type(self.enricher.__name__, (self.enricher,), {"enrich": _raising})
        policy = self._compiled(self.settings[0])
        after, (enriching, _) = self._enriched(policy, self._snapshot(policy), broken)
        assert enriching.failed == 1
        assert set(enriching.use.gives) <= after.unreadable
        with self._opened(policy, broken, profiles=lambda _: dict(self.known)) as edge:
            edge.warm("ann")
            for placement in policy.placements:
                assert not any("failed" in one for one in edge.decide(placement.name, "ann").careful)

    def test_it_may_give_only_what_the_schema_derives_from_what_it_reads(self) -> None:
        """A policy whose profile does not say `derived_from` is refused: sensitivity would be lost."""
        policy, registry = self._compiled(self.settings[0]), self._registry()
        bare = tuple(attrs.evolve(one, derived_from=()) for one in policy.attributes)
        with pytest.raises(PluginError, match=r"is not declared as derived from"):
            declared(policy.enrichers[0], attrs.evolve(policy, attributes=bare), registry)

    # What the laws are made of

    def _each(self, policy: Policy, law: Any) -> None:
        plan = Plan.build(policy, self._registry())
        gives = {name for enriching, _ in plan.enrichers.each for name in enriching.use.gives}

        @settings(max_examples=self.examples, deadline=None, database=None)
        @given(_SEEDS)
        def held(data: st.DataObject) -> None:
            drawn = data.draw(snapshots(policy))
            if drawn is not None:  # an enricher is only asked for what nobody has said
                unsaid = {name: seen for name, seen in drawn.attributes.items() if name not in gives}
                law(plan.enrichers, attrs.evolve(drawn, attributes=unsaid))

        held()

    @staticmethod
    def _says_the_same(enrichers: Enrichers, drawn: Snapshot) -> None:
        once, again = enrichers(drawn, NOON_US), enrichers(drawn, NOON_US)
        assert once == again, "the same values gave another answer"

    @staticmethod
    def _copes(enrichers: Enrichers, drawn: Snapshot) -> None:
        enrichers(drawn, NOON_US)
        assert not any(enrichers.status().values()), "there are values of which it fails"

    def _made(self, policy: Policy) -> Any:
        return self._registry().made(policy.enrichers[0].plugin, policy.values.dial, "enricher")

    def _plain(self, policy: Policy) -> Mapping[str, Any]:
        types = {one.name: one.type for one in policy.attributes}
        return {name: check_value(types[name], value) for name, value in self.known.items()}

    def _snapshot(self, policy: Policy, confidence: float = 1.0, *, first_party: bool = True) -> Snapshot:
        seen = {
            name: Observation(value, Source.OBSERVED, _OLD_US, confidence, first_party)
            for name, value in self._plain(policy).items()
        }
        return Snapshot("ann", NOON_US, seen)

    def _enriched(self, policy: Policy, snapshot: Snapshot, plugin: type | None = None) -> tuple[Snapshot, Any]:
        plan = Plan.build(policy, self._registry(plugin))
        assert plan.enrichers.careful == ()
        return plan.enrichers(snapshot, NOON_US), plan.enrichers.each[0]


def _raising(self: object, known: Mapping[str, Any]) -> Mapping[str, Derived]:
    del self, known
    raise RuntimeError
