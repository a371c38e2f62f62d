"""Asks the rankers and enrichers that a policy names; what they answer becomes part of the policy, or a mistake."""

from collections.abc import Iterator

import attrs

from ..catalog import Catalog
from ..enriching import declared
from ..errors import PluginError
from ..policy import Boost, EnricherUse, PluginUse, Policy
from ..registry import Registry
from .merged import Sections
from .plugin_uses import read_uses
from .rulebook import Rulebook
from .rules import RuleError


class PluginsAsked:
    """The sections `rankers` and `enrichers`, read once."""

    def __init__(self, sections: Sections, registry: Registry, policy: Policy) -> None:
        self._log = sections.log
        self._registry = registry
        self._rankers, self._ranker_at = read_uses(sections, registry, policy.values.dial, "ranker")
        self._enrichers, self._enricher_at = read_uses(sections, registry, policy.values.dial, "enricher")

    def with_answers(self, policy: Policy, rules: Rulebook) -> Policy:
        """Return a policy without mistakes with the boosts of its rankers, and with its enrichers."""
        for plugin in self._enrichers:
            use = EnricherUse(plugin.name, plugin.versions, plugin.settings)
            try:
                policy = attrs.evolve(policy, enrichers=(*policy.enrichers, declared(use, policy, self._registry)))
            except PluginError as error:
                self._log.add(self._enricher_at[plugin.name], "enricher", str(error))
        catalog = Catalog(policy)
        boosts = tuple(boost for use in self._rankers for boost in self._boosts(use, catalog, rules))
        ranking = attrs.evolve(policy.ranking, boosts=(*policy.ranking.boosts, *boosts))
        return attrs.evolve(policy, ranking=ranking) if boosts else policy

    def _boosts(self, use: PluginUse, catalog: Catalog, rules: Rulebook) -> Iterator[Boost]:
        place = self._ranker_at[use.name]
        try:
            factors = self._registry.factors(use, catalog)
        except PluginError as error:
            self._log.add(place, "ranker", str(error))
            return
        brought = self._registry.rankers[use.name]
        if not factors:
            message = f"ranker {use.name!r} of {brought} asks nothing: none of its factors concerns an offer"
            self._log.add(place, "ranker", message, "give it topics or offers that the policy has, or leave it out")
        said = self._registry.sentence(use, catalog.policy.values.dial, "ranker")
        for number, factor in enumerate(factors, 1):
            offers = tuple(dict.fromkeys(catalog.entries[index].offer.id for index in factor.scope))
            try:
                when = rules.of_moment(factor.when)
            except RuleError as error:
                where = f"ranker {use.name!r} of {brought}, factors(): the rule of factor {number}"
                self._log.add(place, "ranker", f"{where}: {error}", "it reads context, channel and time only")
                return
            yield Boost(when, factor.times, offers, by=f"{use.name} of {brought}: {said}")
