"""What every ranker must hold, as tests for the author of one: subclass, name it, run pytest.

class TestRainy(RankerConformance):
    ranker = Rainy
    settings = ({}, {"topic": "tools"})
    policy = SHOP  # the YAML of a shop in which it puts something before something else
"""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

from typing import Any, ClassVar, Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..catalog import Catalog
from ..engine.decision import Decision
from ..errors import PolicyError
from ..policy import PluginUse, Policy
from .plugin_laws import PluginConformance
from .strategies import consents, contacts, contexts, snapshots

_SEEDS: Final = st.data()


class RankerConformance(PluginConformance):
    """
    The laws of a ranker; each is a test.

    Attributes:
        ranker: The class.
    """

    ranker: ClassVar[type]
    kind: ClassVar[str] = "ranker"

    def test_a_policy_can_name_it_and_carries_what_it_asks(self) -> None:
        """The compiler takes it under each of its settings, and its factors are boosts of the policy."""
        for chosen in self.settings:
            boosts = [boost for boost in self._compiled(chosen).ranking.boosts if boost.by]
            assert boosts, f"it asks nothing in this shop under {dict(chosen)}"
            assert all(boost.by.startswith(f"{self._name} of ") for boost in boosts)

    def test_asked_again_it_says_the_same(self) -> None:
        """Nothing but its settings and the catalog decides what it asks."""
        for chosen in self.settings:
            use, catalog = PluginUse(self._name, "", chosen), Catalog(self._compiled(None))
            assert self._registry().factors(use, catalog) == self._registry().factors(use, catalog)

    def test_it_changes_an_order(self) -> None:
        """Some factor is another one than 1 and concerns some offers and not all: else it ranks nothing."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            every = {offer.id for offer in policy.offers}
            boosts = [boost for boost in policy.ranking.boosts if boost.by]
            assert any(boost.times != 1 and set(boost.offers) < every for boost in boosts), dict(chosen)

    def test_it_shows_and_withholds_nothing(self) -> None:
        """Whoever comes, whenever: where there is room for everything, the same offers are shown, in some order."""
        for chosen in self.settings:
            self._compare(self._wide(self._compiled(chosen)), self._wide(self._compiled(None)))

    def test_help_comes_first_all_the_same(self) -> None:
        """No factor puts what sells before what helps."""
        for chosen in self.settings:
            policy = self._wide(self._compiled(chosen))
            helps = {offer.id for offer in policy.offers if offer.intent.value == "help"}
            with self._opened(policy) as edge:
                for placement in policy.placements:
                    shown = [pick.offer in helps for pick in edge.decide(placement.name, "ann").picks]
                    assert shown == sorted(shown, reverse=True)

    def test_an_edge_needs_no_ranker(self) -> None:
        """The policy opens where the ranker is not installed, and nothing is careful."""
        with self._opened(self._compiled(self.settings[0]), _Nobody) as edge:
            assert edge.status()["careful"] == []

    def test_if_it_breaks_the_policy_is_refused(self) -> None:
        """One that raises is a mistake of the policy, which names it, its distribution and the method."""
        broken = type(self.ranker.__name__, (self.ranker,), {"factors": _raising})
        with pytest.raises(
            PolicyError, match=rf"ranker '{self._name}' of local 0, factors\(\): it raised RuntimeError"
        ):
            self._compiled(self.settings[0], broken)

    # What the laws are made of

    def _wide(self, policy: Policy) -> Policy:
        """Return a policy whose placements have room for everything."""
        count = len(policy.offers)
        wide = tuple(attrs.evolve(one, slots=count, per_topic=None) for one in policy.placements)
        return attrs.evolve(policy, placements=wide)

    def _compare(self, policy: Policy, without: Policy) -> None:
        with self._opened(policy) as ours, self._opened(without) as free:

            @settings(max_examples=self.examples, deadline=None, database=None)
            @given(_SEEDS)
            def held(data: st.DataObject) -> None:
                brought: dict[str, Any] = {
                    "profile": data.draw(snapshots(policy)) or {},
                    "consents": data.draw(consents(policy)),
                    "contacts": data.draw(contacts(policy)),
                }
                context = data.draw(contexts(policy))
                for placement in policy.placements:
                    self._same(*(edge.decide(placement.name, "ann", context, **brought) for edge in (ours, free)))

            held()

    @staticmethod
    def _same(ours: Decision, free: Decision) -> None:
        shown = {(pick.offer, pick.treatment) for pick in ours.picks}
        usual = {(pick.offer, pick.treatment) for pick in free.picks}
        assert shown == usual, f"with the ranker these are shown or not shown besides: {sorted(shown ^ usual)}"
        assert not any("failed" in one for one in ours.careful), ours.careful


@attrs.frozen
class _Nobody:
    """A ranker that no policy names."""

    name: ClassVar[str] = "nobody"


def _raising(self: object, catalog: Catalog) -> None:
    del self, catalog
    raise RuntimeError
