"""Calls the hooks of one plugin, each implementation alone: what it brings, or why it cannot be taken."""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, cast

import attrs
import pluggy

from . import hookspecs
from .answers import is_name
from .errors import PluginError

#: What each hook brings, by the hook's name.
HOOKS: Final = {"tactful_guardrails": "guardrail", "tactful_rankers": "ranker", "tactful_enrichers": "enricher"}
_CLASSES_MAX = 1_000


def classes_of(plugin: object, name: str, asked: list[str]) -> list[tuple[str, str, type[Any]]]:
    """
    Return what a plugin brings: of each class its kind, its name and itself.

    Args:
        plugin: A module or an object with hook implementations.
        name: What it is called.
        asked: Its first item tells which hook is asked.

    Raises:
        PluginError: If it has a wrapper or an unknown hook, or brings anything else.
    """
    pm = pluggy.PluginManager("tactful")
    pm.add_hookspecs(hookspecs)
    try:
        pm.register(plugin, name=name)
        pm.check_pending()
    except pluggy.PluginValidationError as error:  # its words name the hook
        raise PluginError(str(error)) from error
    found: list[tuple[str, str, type[Any]]] = []
    for hook, kind in HOOKS.items():
        for impl in getattr(pm.hook, hook).get_hookimpls():
            asked[0] = f"hook {hook}: "
            if impl.wrapper or impl.hookwrapper or impl.tryfirst or impl.trylast:
                raise PluginError("wrappers, tryfirst and trylast are refused")
            for cls in islice(cast("Iterable[type[Any]]", impl.function()), _CLASSES_MAX + 1):
                one = getattr(cls, "name", None)
                if len(found) == _CLASSES_MAX or not (is_name(one) and isinstance(cls, type) and attrs.has(cls)):
                    raise PluginError("it does not bring attrs classes, each with a name")
                found.append((kind, str(one), cls))
    return found
