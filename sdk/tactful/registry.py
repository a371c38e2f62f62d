"""Which guardrails there are, and what each asks of a catalog. It is a value; nothing here runs in a decision.

Each implementation of a hook is called alone, because pluggy's own combination lets a wrapper erase another
plugin's answer; wrappers and ordering are refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import attrs
import pluggy

from . import hookspecs
from .catalog import Catalog
from .errors import PluginError
from .hookspecs import Guardrail
from .limits import (
    Always,
    AtMost,
    Cap,
    Hide,
    Limit,
    LimitRule,
    Quiet,
    RankBlind,
    Require,
    Scope,
    Unless,
    UpTo,
    When,
    Withhold,
)
from .policy import Dial, PluginUse

_LIMITS = (Withhold, UpTo, RankBlind, AtMost, Hide, Require, Cap, Quiet)


@attrs.frozen
class Brought:
    """A guardrail class, and which distribution in which version brings it."""

    cls: type[Guardrail]
    distribution: str
    version: str


@attrs.frozen
class GuardrailRules:
    """
    What one guardrail asks of a catalog.

    Attributes:
        name: The guardrail's name.
        scope: All that it may ever limit, withheld if it is broken.
        rules: Its limits, each with its id `<guardrail>.<rule>`.
        broken: Why it cannot be trusted, or None.
    """

    name: str
    scope: Scope
    rules: tuple[tuple[str, LimitRule], ...] = ()
    broken: str | None = None


@attrs.frozen
class Registry:
    """
    The guardrails that policies can name.

    Attributes:
        guardrails: What is there, by the name that policies use.
    """

    guardrails: Mapping[str, Brought]

    @classmethod
    def of(cls, *plugins: object, distribution: str = "local", version: str = "0") -> "Registry":
        """
        Return the registry of these plugins: modules or objects with hook implementations.

        Raises:
            PluginError: If one has a wrapper, an unknown hook, or a name that is taken.
        """
        found: dict[str, Brought] = {}
        for plugin in plugins:
            _add(found, plugin, getattr(plugin, "__name__", type(plugin).__name__), distribution, version)
        return cls(found)

    @classmethod
    def installed(cls) -> "Registry":
        """
        Return the registry of all plugins installed under the entry-point group `tactful`.

        Raises:
            PluginError: If one cannot be loaded or breaks the contract; it names plugin and distribution.
        """
        import importlib.metadata  # noqa: PLC0415 - slow, and needed once

        found: dict[str, Brought] = {}
        points = importlib.metadata.entry_points(group="tactful")
        for point in sorted(points, key=lambda p: (p.name, p.value)):
            distribution = point.dist.name if point.dist else "unknown"
            try:
                plugin = point.load()
            except Exception as error:
                raise PluginError(f"plugin {point.name!r} of {distribution}: cannot be loaded: {error!r}") from error
            _add(found, plugin, point.name, distribution, point.dist.version if point.dist else "0")
        return cls(found)

    def guardrail(self, use: PluginUse, dial: Dial) -> Guardrail:
        """
        Return a guardrail with its settings: the policy's, else the dial's, else the fields' own defaults.

        Raises:
            PluginError: If it is absent, of another version, or refuses its settings.
        """
        brought = self.guardrails.get(use.name)
        if brought is None:
            raise PluginError(f"guardrail {use.name!r} is not installed")
        if not version_fits(brought.version, use.versions):
            raise PluginError(f"guardrail {use.name!r}: {brought.version} is not {use.versions}")
        defaults = getattr(brought.cls, "dial", {}).get(dial.value, {})
        try:
            return brought.cls(**{**defaults, **use.settings})
        except (TypeError, ValueError) as error:
            raise PluginError(f"guardrail {use.name!r} of {brought.distribution}: settings: {error}") from error

    def rules(self, use: PluginUse, catalog: Catalog) -> GuardrailRules:
        """Return what a guardrail asks of a catalog; one that fails in any way is broken, never absent."""
        scope = catalog.all
        try:
            guardrail = self.guardrail(use, catalog.policy.values.dial)
            declared = guardrail.scope(catalog)
            if not isinstance(declared, Scope):
                return GuardrailRules(use.name, scope, broken="its scope is not a Scope")
            scope = declared & catalog.all
            rules = tuple(_named(use.name, guardrail.limits(catalog), scope))
        except PluginError as error:
            return GuardrailRules(use.name, scope, broken=str(error))
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises, its scope is withheld
            return GuardrailRules(use.name, scope, broken=f"it raised {type(error).__name__}")
        return GuardrailRules(use.name, scope, rules)


def _add(found: dict[str, Brought], plugin: object, name: str, distribution: str, version: str) -> None:
    where = f"plugin {name!r} of {distribution}"
    pm = pluggy.PluginManager("tactful")
    pm.add_hookspecs(hookspecs)
    pm.register(plugin, name=name)
    try:
        pm.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"{where}: {error}") from error
    for impl in pm.hook.tactful_guardrails.get_hookimpls():
        if impl.wrapper or impl.hookwrapper or impl.tryfirst or impl.trylast:
            raise PluginError(f"{where}: hook tactful_guardrails: wrappers, tryfirst and trylast are refused")
        for cls in cast("Iterable[type[Guardrail]]", impl.function()):
            guardrail = getattr(cls, "name", None)
            if not isinstance(guardrail, str) or not attrs.has(cls):
                raise PluginError(f"{where}: hook tactful_guardrails: {cls!r} is not an attrs class with a name")
            if guardrail in found:
                raise PluginError(
                    f"{where}: guardrail {guardrail!r} comes from {found[guardrail].distribution} already"
                )
            found[guardrail] = Brought(cast("type[Guardrail]", cls), distribution, version)


def _named(guardrail: str, rules: Iterable[LimitRule], scope: Scope) -> Iterator[tuple[str, LimitRule]]:
    seen: set[str] = set()
    for number, rule in enumerate(rules, 1):
        if not isinstance(rule, When | Unless | Always) or not isinstance(rule.limit, _LIMITS):
            raise PluginError(f"guardrail {guardrail!r}: rule {number} is not a limit")
        if isinstance(rule.limit, Require | Cap | Quiet) and not isinstance(rule, Always):
            raise PluginError(f"guardrail {guardrail!r}: rule {number}: {type(rule.limit).__name__} takes no condition")
        if not _inside(rule.limit, scope):
            raise PluginError(f"guardrail {guardrail!r}: rule {number} limits more than its scope")
        rule_id = f"{guardrail}.{rule.id or number}"
        if rule_id in seen:
            raise PluginError(f"guardrail {guardrail!r}: rule id {rule_id!r} is there twice")
        seen.add(rule_id)
        yield rule_id, rule


def _inside(limit: Limit, scope: Scope) -> bool:
    if isinstance(limit, Hide | Require):
        return True
    return limit.scope <= scope and (not isinstance(limit, Cap) or limit.instead <= scope)


def version_fits(version: str, wanted: str) -> bool:
    """
    Return whether a version meets comma-separated bounds of the form `>=0.1,<2`.

    >>> version_fits("0.3.1", ">=0.1,<1"), version_fits("1.0", "<1"), version_fits("1.0", "")
    (True, False, True)
    """
    have = _release(version)
    for bound in filter(None, (part.strip() for part in wanted.split(","))):
        match = re.fullmatch(r"(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)", bound)
        if match is None:
            return False
        want = _release(match[2])
        order = (have > want) - (have < want)
        if not {">=": order >= 0, "<=": order <= 0, "==": order == 0, "!=": order != 0, ">": order > 0, "<": order < 0}[
            match[1]
        ]:
            return False
    return True


def _release(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", version.split("+", maxsplit=1)[0])[:3]]
    return (*numbers, 0, 0, 0)[:3]
