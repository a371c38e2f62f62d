"""Which guardrails there are, and what each asks of a catalog. It is a value; nothing here runs in a decision.

Each implementation of a hook is called alone, because pluggy's own combination lets a wrapper erase another
plugin's answer; wrappers and ordering are refused. A guardrail that fails in any way is broken, never absent.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from itertools import islice
from threading import Lock
from typing import cast

import attrs
import pluggy

from . import hookspecs
from .answers import is_name, rules_of, scope_of
from .asking import PATIENCE_S, ask
from .catalog import Catalog
from .errors import PluginError
from .hookspecs import Guardrail
from .image import Image, image_of
from .limits import LimitRule, Scope
from .policy import Dial, PluginUse, Policy

_CLASSES_MAX = 1_000
_SENTENCE_MAX_CHARS = 2_000


@attrs.frozen
class Brought:
    """A guardrail class, and which distribution in which version brings it; `turn` is held while its code runs."""

    cls: type[Guardrail]
    distribution: str
    version: str
    turn: Lock = attrs.field(factory=Lock, eq=False, repr=False)


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
        patience_s: A guardrail that does not come back within this time is broken [s].
    """

    guardrails: Mapping[str, Brought]
    patience_s: float = PATIENCE_S

    @classmethod
    def of(
        cls, *plugins: object, distribution: str = "local", version: str = "0", patience_s: float = PATIENCE_S
    ) -> "Registry":
        """
        Return the registry of these plugins: modules or objects with hook implementations.

        Raises:
            PluginError: If one fails, has a wrapper, an unknown hook, or a name that is taken.
        """
        found: dict[str, Brought] = {}
        for plugin in plugins:
            name = getattr(plugin, "__name__", type(plugin).__name__)
            _add(found, plugin, name, distribution, version, patience_s)
        return cls(found, patience_s)

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
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise PluginError(f"plugin {point.name!r} of {distribution}: cannot be loaded: {error!r}") from error
            version = point.dist.version if point.dist else "0"
            _add(found, plugin, point.name, distribution, version, PATIENCE_S)
        return cls(found)

    def guardrail(self, use: PluginUse, dial: Dial) -> Guardrail:
        """
        Return a guardrail with its settings: the policy's, else the dial's, else the fields' own defaults.

        Raises:
            PluginError: If it is absent, of another version, or refuses its settings.
        """
        brought = self._brought(use)
        return ask(lambda: _made(brought, use, dial), brought.turn, self.patience_s)

    def sentence(self, use: PluginUse, dial: Dial) -> str:
        """Return a guardrail's line in the policy document; of one that is broken, that it is."""
        try:
            brought = self._brought(use)
            words = ask(lambda: _made(brought, use, dial).sentence(), brought.turn, self.patience_s)
            if type(words) is str and words.isprintable() and len(words) <= _SENTENCE_MAX_CHARS:
                return words
        except PluginError as error:
            return f"It is broken ({error}), so that what it may limit is withheld."
        return "It does not say what it does."

    def rules(self, use: PluginUse, catalog: Catalog) -> GuardrailRules:
        """Return what a guardrail asks of a catalog; one that fails in any way is broken, never absent."""
        declared: list[Scope] = []

        def question() -> tuple[tuple[str, LimitRule], ...]:
            guardrail = _made(brought, use, shown.policy.values.dial)
            declared.append(scope_of(guardrail.scope(shown), catalog))
            answer = rules_of(use.name, guardrail.limits(shown), catalog, declared[0])
            if _parts(shown) != untouched:
                raise PluginError("it changed the catalog that it was shown")
            return answer

        try:
            brought, shown = self._brought(use), _shown(catalog)
            untouched = _parts(shown)
            rules = ask(question, brought.turn, self.patience_s)
        except PluginError as error:
            return GuardrailRules(use.name, declared[0] if declared else catalog.all, broken=str(error))
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

    def _brought(self, use: PluginUse) -> Brought:
        brought = self.guardrails.get(use.name)
        if brought is None:
            raise PluginError(f"guardrail {use.name!r} is not installed")
        if not version_fits(brought.version, use.versions):
            raise PluginError(f"guardrail {use.name!r}: {brought.version} is not {use.versions}")
        return brought


def _made(brought: Brought, use: PluginUse, dial: Dial) -> Guardrail:
    defaults = getattr(brought.cls, "dial", {}).get(dial.value, {})
    try:
        return brought.cls(**{**defaults, **copy.deepcopy(dict(use.settings))})
    except Exception as error:  # noqa: BLE001 - settings are judged by plugin code, which may raise anything
        # attrs puts the field and the value behind its words.
        words = error.args[0] if error.args and isinstance(error.args[0], str) else type(error).__name__
        raise PluginError(f"guardrail {use.name!r} of {brought.distribution}: settings: {words}") from None


def _shown(catalog: Catalog) -> Catalog:
    """Return a catalog to show to one guardrail: what can be changed in it, the settings of all, is a copy."""
    uses = tuple(attrs.evolve(use, settings=copy.deepcopy(dict(use.settings))) for use in catalog.policy.guardrails)
    return Catalog(attrs.evolve(catalog.policy, guardrails=uses), catalog.entries)


def _parts(shown: Catalog) -> tuple[object, ...]:
    """Return what tells whether a catalog that was shown has been changed since, as far as it is nobody else's."""
    policy = [id(part) for part in attrs.astuple(shown.policy, recurse=False)]
    return shown.all, id(shown.entries), id(shown.policy), policy, repr(shown.policy.guardrails)


def _add(
    found: dict[str, Brought], plugin: object, name: str, distribution: str, version: str, patience_s: float
) -> None:
    where = f"plugin {name!r} of {distribution}"
    try:
        classes = ask(lambda: _classes(plugin, name), Lock(), patience_s)
    except PluginError as error:
        raise PluginError(f"{where}: {error}") from None
    for guardrail, cls in classes:
        if guardrail in found:
            raise PluginError(f"{where}: guardrail {guardrail!r} comes from {found[guardrail].distribution} already")
        found[guardrail] = Brought(cls, distribution, version)


def _classes(plugin: object, name: str) -> list[tuple[str, type[Guardrail]]]:
    """Return the guardrails of a plugin by name, each implementation called alone."""
    pm = pluggy.PluginManager("tactful")
    pm.add_hookspecs(hookspecs)
    pm.register(plugin, name=name)
    try:
        pm.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(str(error)) from error
    found: list[tuple[str, type[Guardrail]]] = []
    for impl in pm.hook.tactful_guardrails.get_hookimpls():
        if impl.wrapper or impl.hookwrapper or impl.tryfirst or impl.trylast:
            raise PluginError("hook tactful_guardrails: wrappers, tryfirst and trylast are refused")
        for cls in islice(cast("Iterable[type[Guardrail]]", impl.function()), _CLASSES_MAX + 1):
            guardrail = getattr(cls, "name", None)
            if len(found) == _CLASSES_MAX or not (is_name(guardrail) and isinstance(cls, type) and attrs.has(cls)):
                raise PluginError("hook tactful_guardrails: it does not bring attrs classes, each with a name")
            found.append((str(guardrail), cast("type[Guardrail]", cls)))
    return found


def version_fits(version: str, wanted: str) -> bool:
    """
    Return whether a version meets comma-separated bounds of the form `>=0.1,<2`.

    >>> version_fits("0.3.1", ">=0.1,<1"), version_fits("1.0", "<1"), version_fits("1.0", "")
    (True, False, True)
    >>> version_fits("2.0rc1", ">=2.0"), version_fits("2.0rc1", "<2.0"), version_fits("2.0.post1", ">=2.0")
    (False, True, True)
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
    """Return a version's first three numbers, and whether it is the release itself rather than what came before it."""
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    rest = version[numbers.end() :].partition("+")[0] if numbers else version
    first = [int(part) for part in numbers[0].split(".")[:3]] if numbers else []
    return (*(*first, 0, 0, 0)[:3], int(re.search(r"a|b|c|rc|dev|pre", rest) is None))
