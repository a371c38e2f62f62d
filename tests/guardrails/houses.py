"""A house keeps guardrails, one of them perhaps changed, and decides by the demo's policy and by a small shop's."""

import functools
from collections.abc import Mapping
from pathlib import Path

import attrs

import tactful
from tactful.authoring import Suite, compile_files, decide_for, load_suite
from tactful.authoring.rulebook import Rulebook
from tactful.authoring.source import Log
from tactful.catalog import Catalog
from tactful.clock import DAY_US
from tactful.limits import Always
from tactful.policy import PluginUse, Policy
from tactful.registry import GuardrailRules, Registry

#: Noon of 1 November 2017 in New York, when the demo's coupons run.
NOON_US = 1_509_552_000_000_000
DEMO = Path(__file__).parents[2] / "examples" / "grocery" / "policy"
SHOP = Path(__file__).with_name("shop.yaml")


@functools.cache
def demo() -> Suite:
    return load_suite(DEMO)


@functools.cache
def shop() -> Policy:
    return compile_files({"shop.yaml": SHOP.read_bytes()}, registry=installed())


@functools.cache
def shop_with(more: str) -> Policy:
    """Return the shop with another file, by its name."""
    files = [SHOP, SHOP.with_name(f"{more}.yaml")]
    return compile_files({file.name: file.read_bytes() for file in files}, registry=installed())


@functools.cache
def installed() -> Registry:
    return Registry.installed()


def named(policy: Policy, *names: str, **settings: object) -> Policy:
    """Return a policy under these guardrails alone; settings are the first one's, over those that it has already."""
    there = {use.name: use for use in policy.guardrails}
    uses = [there.get(name, PluginUse(name)) for name in names]
    if uses and settings:
        uses[0] = attrs.evolve(uses[0], settings={**uses[0].settings, **settings})
    return attrs.evolve(policy, guardrails=tuple(uses))


def without(policy: Policy, name: str) -> Policy:
    return attrs.evolve(policy, guardrails=tuple(use for use in policy.guardrails if use.name != name))


def dialled(policy: Policy, dial: str) -> Policy:
    return attrs.evolve(policy, values=attrs.evolve(policy.values, dial=tactful.Dial(dial)))


def compiled(policy: Policy, registry: Registry) -> Policy:
    """Return a policy with the conditions that these guardrails ask for."""
    segments, purposes = tuple(s.name for s in policy.segments), tuple(p.name for p in policy.purposes)
    rules = Rulebook(policy.attributes, policy.context, segments, purposes, (), Log())
    catalog = Catalog(policy)
    texts = {
        rule.condition
        for use in policy.guardrails
        for _, rule in registry.rules(use, catalog).rules
        if not isinstance(rule, Always)
    }
    return attrs.evolve(policy, conditions=tuple(sorted((text, rules.condition(text)) for text in texts)))


class House:
    """
    Guardrails, and edges on policies under them.

    Attributes:
        registry: The installed guardrails, with `changed` in place of those of the same name.
    """

    def __init__(self, *changed: object) -> None:
        others = Registry.of(*changed).guardrails if changed else {}
        self.registry = Registry({**installed().guardrails, **others})
        self._edges: dict[int, tuple[Policy, tactful.Edge]] = {}
        self.now_us = NOON_US

    def edge(self, policy: Policy) -> tactful.Edge:
        kept = self._edges.get(id(policy))
        if kept is None:
            opened = tactful.open(compiled(policy, self.registry), registry=self.registry, clock=lambda: self.now_us)
            kept = self._edges[id(policy)] = (policy, opened)
        return kept[1]

    def rules(self, policy: Policy, name: str) -> GuardrailRules:
        use = next(use for use in policy.guardrails if use.name == name)
        return self.registry.rules(use, Catalog(policy))

    def guardrail(self, name: str, dial: str = "balanced", **settings: object) -> tactful.hookspecs.Guardrail:
        return self.registry.guardrail(PluginUse(name, "", settings), tactful.Dial(dial))

    def decide(
        self,
        policy: Policy,
        places: str | tuple[str, ...],
        who: object = "ann",
        context: Mapping[str, object] | None = None,
        *,
        now_us: int = NOON_US,
        **brought: object,
    ) -> tactful.Decision:
        self.now_us = now_us
        return self.edge(policy).decide(places, who, context, preview=True, **brought)

    def persona(
        self,
        policy: Policy,
        place: str,
        name: str,
        context: Mapping[str, object] | None = None,
        *,
        now_us: int = NOON_US,
    ) -> tactful.Decision:
        """Return what is decided for one of the demo's personas."""
        self.now_us = now_us
        return decide_for(self.edge(policy), (place,), demo().personas[name], context or {}, now_us)


def shown(decision: tactful.Decision) -> list[str]:
    return [pick.offer for pick in decision.picks]


def reasons(decision: tactful.Decision, offer: str) -> set[str]:
    return {reason.id for loss in decision.explain().of(offer) for reason in loss.reasons}


def hidden(decision: tactful.Decision) -> set[tuple[str, str]]:
    """Return attributes that were kept from rules, each with the limit that did it."""
    return {(one.attribute, one.reason.id) for one in decision.explain().hidden}


def yes(purpose: str = "offers", how: str = "explicit", ago_us: int = 30 * DAY_US, **more: object) -> tactful.Consent:
    return tactful.Consent(purpose, tactful.ConsentState.GIVEN, tactful.How(how), NOON_US - ago_us, **more)


def no(purpose: str = "offers", ago_us: int = DAY_US, **more: object) -> tactful.Consent:
    return tactful.Consent(purpose, tactful.ConsentState.WITHDRAWN, tactful.How.EXPLICIT, NOON_US - ago_us, **more)


def said(*records: tactful.Consent, ago_us: int = 0) -> tactful.Consents:
    return tactful.Consents(records, NOON_US - ago_us)
