"""Which plugins there are, and what each asks of a catalog. It is a value; nothing here runs in a decision.

Each implementation of a hook is called alone, because pluggy's own combination lets a wrapper erase another
plugin's answer; wrappers and ordering are refused. A guardrail that fails in any way is broken, never absent.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, cast

import attrs

from .answers import rules_of, scope_of
from .asking import PATIENCE_S, Turn, ask
from .catalog import Catalog
from .errors import PluginError
from .factors import Factor, factors_of
from .hooks_called import HOOKS, classes_of
from .hookspecs import Enricher, Guardrail, Ranker
from .image import Image, image_of
from .limits import LimitRule, Scope
from .policy import Dial, PluginUse, Policy
from .sentences import Unsaid, sentence_of
from .showing import parts_of, shown_of
from .versions import version_fits

__all__ = ["HOOKS", "Brought", "GuardrailRules", "Registry"]


@attrs.frozen
class Brought:
    """
    A plugin's class, and which distribution in which version brings it.

    Attributes:
        cls: The class: that of a guardrail, a ranker or an enricher.
        distribution: The distribution's name.
        version: The distribution's version.
        kind: Which of them it is.
        turn: Held while its code runs.
    """

    cls: type[Any]
    distribution: str
    version: str
    kind: str = "guardrail"
    turn: Turn = attrs.field(factory=Turn, eq=False, repr=False)

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@attrs.frozen
class GuardrailRules:
    """
    What one guardrail asks of a catalog.

    Attributes:
        name: The guardrail's name.
        scope: All that it may ever limit, withheld if it is broken.
        rules: Its limits, each with its id `<guardrail>.<rule>`.
        broken: Why it cannot be trusted, or None.
        asked: Which distribution was asked, and which of its methods, where it broke; empty if none was.
    """

    name: str
    scope: Scope
    rules: tuple[tuple[str, LimitRule], ...] = ()
    broken: str | None = None
    asked: str = ""

    @property
    def told(self) -> str:
        """Why it cannot be trusted, and who was asked."""
        return f"{self.broken} ({self.asked})" if self.asked else str(self.broken)


@attrs.frozen
class Registry:
    """
    The plugins that policies can name.

    Attributes:
        guardrails: The guardrails that are there, by the name that policies use.
        patience_s: A plugin that does not come back within this time is broken [s].
        rankers: The rankers, likewise.
        enrichers: The enrichers, likewise.
    """

    guardrails: Mapping[str, Brought]
    patience_s: float = PATIENCE_S
    rankers: Mapping[str, Brought] = attrs.field(factory=dict)
    enrichers: Mapping[str, Brought] = attrs.field(factory=dict)

    @classmethod
    def of(
        cls, *plugins: object, distribution: str = "local", version: str = "0", patience_s: float = PATIENCE_S
    ) -> "Registry":
        """
        Return the registry of these plugins: modules or objects with hook implementations.

        Raises:
            PluginError: If one fails, has a wrapper, an unknown hook, or a name that is taken.
        """
        found: dict[str, dict[str, Brought]] = {kind: {} for kind in HOOKS.values()}
        for plugin in plugins:
            name = getattr(plugin, "__name__", type(plugin).__name__)
            _add(found, plugin, name, distribution, version, patience_s)
        return cls(found["guardrail"], patience_s, found["ranker"], found["enricher"])

    @classmethod
    def installed(cls) -> "Registry":
        """
        Return the registry of all plugins installed under the entry-point group `tactful`.

        Raises:
            PluginError: If one cannot be loaded or breaks the contract; it names plugin and distribution.
        """
        import importlib.metadata  # noqa: PLC0415 - slow, and needed once

        found: dict[str, dict[str, Brought]] = {kind: {} for kind in HOOKS.values()}
        points = importlib.metadata.entry_points(group="tactful")
        for point in sorted(points, key=lambda p: (p.name, p.value)):
            distribution = point.dist.name if point.dist else "unknown"
            try:
                plugin = point.load()
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise PluginError(f"plugin {point.name!r} of {distribution}: cannot be loaded: {error!r}") from error
            version = point.dist.version if point.dist else "0"
            _add(found, plugin, point.name, distribution, version, PATIENCE_S)
        return cls(found["guardrail"], PATIENCE_S, found["ranker"], found["enricher"])

    def plugins(self) -> Iterator[tuple[str, Brought]]:
        """Yield all that is there with its name: guardrails, rankers, enrichers, each in the order of names."""
        for there in (self.guardrails, self.rankers, self.enrichers):
            yield from sorted(there.items())

    def guardrail(self, use: PluginUse, dial: Dial) -> Guardrail:
        """
        Return a guardrail with its settings: the policy's, else the dial's, else the fields' own defaults.

        Raises:
            PluginError: If it is absent, of another version, or refuses its settings.
        """
        return cast("Guardrail", self.made(use, dial))

    def made(self, use: PluginUse, dial: Dial, kind: str = "guardrail") -> Guardrail | Ranker | Enricher:
        """
        Return a plugin of any kind with its settings, like `guardrail`.

        Raises:
            PluginError: If it is absent, of another version, or refuses its settings.
        """
        brought = self._brought(use, kind)
        made: Guardrail | Ranker | Enricher = ask(lambda: _made(brought, use, dial), brought.turn, self.patience_s)
        return made

    def factors(self, use: PluginUse, catalog: Catalog) -> tuple[Factor, ...]:
        """
        Return what a ranker asks of the order of a catalog's offers.

        Raises:
            PluginError: If it is absent, of another version, refuses its settings, raises, or answers anything else.
        """
        brought, shown = self._brought(use, "ranker"), shown_of(catalog)

        def question() -> tuple[Factor, ...]:
            return factors_of(_made(brought, use, shown.policy.values.dial).factors(shown), catalog)

        try:
            return ask(question, brought.turn, self.patience_s)
        except PluginError as error:
            raise PluginError(f"ranker {use.name!r} of {brought}, factors(): {error}") from None

    def said(self, use: PluginUse, dial: Dial, kind: str = "guardrail") -> str:
        """
        Return a plugin's line in the policy document.

        Raises:
            PluginError: If it is absent, of another version, or refuses its settings; `Unsaid` if it only has no line.
        """
        plugin, brought = self.made(use, dial, kind), self._brought(use, kind)
        return sentence_of(plugin, f"{kind} {use.name!r} of {brought}", brought.turn, self.patience_s)

    def sentence(self, use: PluginUse, dial: Dial, kind: str = "guardrail") -> str:
        """Return a plugin's line in the policy document; of one that is broken, or has none, that it is so."""
        try:
            return self.said(use, dial, kind)
        except Unsaid:
            return "It does not say what it does."
        except PluginError as error:
            withheld = ", so that what it may limit is withheld" if kind == "guardrail" else ""
            return f"It is broken ({error}){withheld}."

    def rules(self, use: PluginUse, catalog: Catalog) -> GuardrailRules:
        """Return what a guardrail asks of a catalog; one that fails in any way is broken, never absent."""
        declared: list[Scope] = []
        brought, at = None, "settings"

        def question() -> tuple[tuple[str, LimitRule], ...]:
            nonlocal at
            guardrail = _made(there, use, shown.policy.values.dial)
            at = "scope()"
            declared.append(scope_of(guardrail.scope(shown), catalog))
            at = "limits()"
            answer = rules_of(use.name, guardrail.limits(shown), catalog, declared[0])
            if parts_of(shown) != untouched:
                raise PluginError("it changed the catalog that it was shown")
            return answer

        try:
            brought = there = self._brought(use)
            shown = shown_of(catalog)
            untouched = parts_of(shown)
            rules = ask(question, there.turn, self.patience_s)
        except PluginError as error:
            asked = "" if brought is None else f"{brought}, {at}"
            return GuardrailRules(use.name, declared[0] if declared else catalog.all, broken=str(error), asked=asked)
        return GuardrailRules(use.name, declared[0], rules)

    def asked(self, policy: Policy, catalog: Catalog | None = None) -> tuple[Policy, tuple[GuardrailRules, ...]]:
        """
        Return a policy as it was before any of its guardrails was asked, and what each of them asks.

        Args:
            policy: The policy; if it comes back the same object, so is its catalog what it was.
            catalog: Its catalog, where the caller has it already.
        """
        catalog = catalog or Catalog(policy)
        before = image_of(policy, catalog.entries)
        answers = tuple(self.rules(use, catalog) for use in policy.guardrails)
        if image_of(policy, catalog.entries) == before:
            return policy, answers
        # One of them has changed what it was shown. Each is asked again, on what was there before.
        return before.restored(policy)[0], tuple(self._apart(use, policy, before) for use in policy.guardrails)

    def _apart(self, use: PluginUse, policy: Policy, before: Image) -> GuardrailRules:
        shown, entries = before.restored(policy)
        untouched = image_of(shown, entries)
        found = self.rules(use, Catalog(shown, entries))
        if image_of(shown, entries) == untouched:
            return found
        return GuardrailRules(use.name, Catalog(shown, entries).all, broken="it changed the policy that it was shown")

    def _brought(self, use: PluginUse, kind: str = "guardrail") -> Brought:
        there = {"guardrail": self.guardrails, "ranker": self.rankers, "enricher": self.enrichers}
        brought = there[kind].get(use.name)
        if brought is None:
            raise PluginError(f"{kind} {use.name!r} is not installed")
        if not version_fits(brought.version, use.versions):
            raise PluginError(f"{kind} {use.name!r}: {brought.version} is not {use.versions}")
        return brought


def _made(brought: Brought, use: PluginUse, dial: Dial) -> Any:
    defaults = getattr(brought.cls, "dial", {}).get(dial.value, {})
    try:
        return brought.cls(**{**defaults, **copy.deepcopy(dict(use.settings))})
    except Exception as error:  # noqa: BLE001 - settings are judged by plugin code, which may raise anything
        # attrs puts the field and the value behind its words.
        words = error.args[0] if error.args and isinstance(error.args[0], str) else type(error).__name__
        raise PluginError(f"{brought.kind} {use.name!r} of {brought.distribution}: settings: {words}") from None


def _add(
    found: dict[str, dict[str, Brought]], plugin: object, name: str, distribution: str, version: str, patience_s: float
) -> None:
    where, asked = f"plugin {name!r} of {distribution}", [""]
    try:
        classes = ask(lambda: classes_of(plugin, name, asked), Turn(), patience_s)
    except PluginError as error:
        raise PluginError(f"{where}: {asked[0]}{error}") from None
    for kind, one, cls in classes:
        if one in found[kind]:
            raise PluginError(f"{where}: {kind} {one!r} comes from {found[kind][one].distribution} already")
        found[kind][one] = Brought(cls, distribution, version, kind)
