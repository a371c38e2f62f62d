"""What every guardrail must hold, as tests for the author of one: subclass, name it, run pytest.

class TestPause(GuardrailConformance):
    guardrail = Pause
    settings = ({}, {"topic": "wine"})
    policy = POLICY  # the YAML of a shop that it can work on; without a section `guardrails`
"""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

import json
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..catalog import Catalog
from ..engine.decision import Decision
from ..engine.edge import Edge
from ..errors import ExtraMissing, PolicyError
from ..hookspecs import hookimpl
from ..limits import LimitRule, Scope
from ..opening import open as open_edge
from ..policy import Policy
from ..registry import Registry
from .generators.chance import NOON_US
from .strategies import consents, contacts, contexts, snapshots

#: The tiers of governance that a guardrail can belong to.
TIERS: Final = ("values", "strategy", "execution", "infrastructure")
_SEEDS: Final = st.data()


class GuardrailConformance:
    """
    The laws of a guardrail; each is a test.

    Attributes:
        guardrail: The class.
        settings: Settings that a policy could give it; the laws are held under each.
        policy: A shop in YAML, in one text, on which it has something to limit; it names no guardrails.
        examples: So many random customers and moments for each law.
    """

    guardrail: ClassVar[type]
    settings: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    policy: ClassVar[str]
    examples: ClassVar[int] = 50

    def test_a_policy_can_name_it_and_its_settings_are_taken(self) -> None:
        """The compiler takes it under each of its settings, and nothing is broken."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            (use,) = policy.guardrails
            with self._opened(policy) as edge:
                assert edge.status()["guardrails"] == [use.name]
                assert edge.status()["careful"] == []

    def test_a_setting_that_is_none_is_refused(self) -> None:
        """A misspelt setting is a mistake of the policy, with its line."""
        with pytest.raises(PolicyError, match="misspelt"):
            self._compiled({"misspelt": 1})

    def test_it_says_in_a_sentence_what_it_does(self) -> None:
        """Its line in the policy document is text for people, and tells one setting from another."""
        policies = [self._compiled(chosen) for chosen in self.settings]
        sentences = [self._registry().sentence(policy.guardrails[0], policy.values.dial) for policy in policies]
        assert all(one.strip() and one[-1] in ".!" for one in sentences), sentences
        assert len(set(sentences)) == len(sentences), "two settings have one sentence"

    def test_its_words_are_those_of_governance(self) -> None:
        """Its tiers are tiers, and `looser` speaks of its settings."""
        assert set(getattr(self.guardrail, "tiers", ())) <= set(TIERS)
        fields = {field.name for field in attrs.fields(self.guardrail)}
        assert set(getattr(self.guardrail, "looser", ())) <= fields
        for words in getattr(self.guardrail, "dial", {}).values():
            assert set(words) <= fields

    def test_each_limit_has_a_reason(self) -> None:
        """An engineer reads why; two limits are told apart."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            rules, scope = self._rules(policy), self._scope(policy)
            assert rules, f"it limits nothing of this shop under {dict(chosen)}"
            assert scope.bits, f"its scope is empty in this shop under {dict(chosen)}"
            assert all(rule.reason.strip() for rule in rules.values())

    def test_asked_again_it_says_the_same(self) -> None:
        """Nothing but its settings and the catalog decides what it asks."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            assert self._rules(policy) == self._rules(policy)

    def test_it_loosens_nothing(self) -> None:
        """Whoever comes, whenever: with it no offer is shown that was not possible without it."""
        for chosen in self.settings:
            self._compare(self._wide(self._compiled(chosen)), self._loosens)

    def test_if_it_breaks_its_scope_is_withheld(self) -> None:
        """One that raises where it should tell its limits leaves nothing of its scope."""
        for chosen in self.settings:
            policy = self._compiled(chosen)
            scope = self._scope(policy)
            inside = {entry.offer.id for entry in Catalog(policy).entries if entry.index in scope}
            broken = type(self.guardrail.__name__, (self.guardrail,), {"limits": _raising})
            with self._opened(policy, broken) as edge:
                assert edge.status()["careful"]
                for placement in edge.plan.placements:
                    whole = {pick.offer for pick in edge.decide(placement, "ann").picks}
                    assert not whole & {one for one in inside if _wholly(scope, policy, one)}

    def test_it_costs_no_mistake_whatever_is_known(self) -> None:
        """No customer and no moment makes a decision fail."""
        for chosen in self.settings:
            self._compare(self._wide(self._compiled(chosen)), _answers)

    # What the laws are made of

    def _registry(self, guardrail: type | None = None) -> Registry:
        cls = guardrail or self.guardrail
        plugin = SimpleNamespace(__name__="conformance", tactful_guardrails=hookimpl(lambda: [cls]))
        return Registry.of(plugin)

    def _compiled(self, chosen: Mapping[str, Any]) -> Policy:
        compile_files = _compiler()
        text = f"{self.policy}\nguardrails:\n  {self.guardrail.name}: {json.dumps(dict(chosen))}\n"  # type: ignore[attr-defined]
        policy: Policy = compile_files({"policy.yaml": text.encode()}, registry=self._registry())
        return policy

    def _opened(self, policy: Policy, guardrail: type | None = None) -> Edge:
        return open_edge(policy, registry=self._registry(guardrail), clock=lambda: NOON_US)

    def _rules(self, policy: Policy) -> dict[str, LimitRule]:
        found = self._registry().rules(policy.guardrails[0], Catalog(policy))
        assert found.broken is None, found.broken
        return dict(found.rules)

    def _scope(self, policy: Policy) -> Scope:
        return self._registry().rules(policy.guardrails[0], Catalog(policy)).scope

    def _wide(self, policy: Policy) -> Policy:
        """Return a policy whose placements have room for everything."""
        count = len(policy.offers)
        wide = tuple(attrs.evolve(one, slots=count, per_topic=None) for one in policy.placements)
        return attrs.evolve(policy, placements=wide)

    def _compare(self, policy: Policy, law: Any) -> None:
        without = attrs.evolve(policy, guardrails=())
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
                    law(*(edge.decide(placement.name, "ann", context, **brought) for edge in (ours, free)))

            held()

    @staticmethod
    def _loosens(ours: Decision, free: Decision) -> None:
        more = {pick.offer for pick in ours.picks} - {pick.offer for pick in free.picks}
        assert not more, f"with the guardrail these are shown, and without it they are not: {sorted(more)}"


def _answers(ours: Decision, free: Decision) -> None:
    del free
    assert not any("failed" in one for one in ours.careful), ours.careful


def _raising(self: object, catalog: Catalog) -> Iterable[LimitRule]:
    del self, catalog
    raise RuntimeError


def _wholly(scope: Scope, policy: Policy, offer: str) -> bool:
    """Return whether all treatments of an offer are in a scope."""
    return all(entry.index in scope for entry in Catalog(policy).entries if entry.offer.id == offer)


def _compiler() -> Any:
    try:
        from ..authoring import compile_files  # noqa: PLC0415 - the extra author
    except ImportError as error:
        raise ExtraMissing("the laws of guardrails", "author") from error
    return compile_files
