"""Reads which guardrails apply, and their settings, by the fields of the guardrail's own class."""

import types
from collections.abc import Mapping
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import attrs

from ..errors import PluginError
from ..policy import Dial, PluginUse
from ..registry import Registry
from .format_types import BOOL, DURATION, NUMBER, SHARE, TEXT, WHOLE, as_keys, many, nearest
from .sections import CAP
from .source import Keys, Log, Node, Scalar

#: The distribution whose guardrails apply unless a policy says `off`.
OWN_DISTRIBUTION = "tactful"


def read_guardrails(
    section: Keys | None, caps: Keys | None, registry: Registry, dial: Dial, log: Log
) -> tuple[PluginUse, ...]:
    """Return the guardrails of a policy: tactful's own unless they are off, and others that it names."""
    uses = {
        name: PluginUse(name)
        for name, brought in registry.guardrails.items()
        if brought.distribution == OWN_DISTRIBUTION
    }
    for name, node in section.pairs if section is not None else ():
        if isinstance(node, Scalar) and node.plain and node.text == "off":
            uses.pop(name.text, None)
        elif name.text not in registry.guardrails:
            log.add(
                name.place, "guardrail", f"there is no guardrail {name.text!r}", nearest(name.text, registry.guardrails)
            )
        else:
            uses[name.text] = _use(name.text, as_keys(node, "guardrail", log), registry, dial, log)
    if caps is not None:
        use = uses.get("overcrowding")
        if use is None:
            log.add(caps.place, "guardrail", "caps need the guardrail 'overcrowding', which is off or not installed")
        else:
            settings = {**use.settings, "caps": _caps(caps, log)}
            uses["overcrowding"] = attrs.evolve(use, settings=settings)
            _try(uses["overcrowding"], caps, registry, dial, log)
    return tuple(uses[name] for name in sorted(uses))


def _use(name: str, keys: Keys, registry: Registry, dial: Dial, log: Log) -> PluginUse:
    cls = registry.guardrails[name].cls
    hints = get_type_hints(cls)
    fields = {field.name: hints[field.name] for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls))}
    spoken = {field.removesuffix("_s"): field for field in fields}
    settings: dict[str, object] = {}
    versions = ""
    for key, node in keys.pairs:
        field = spoken.get(key.text, key.text)
        if key.text == "versions":
            versions = TEXT.read(node, log) or ""
        elif field not in fields:
            log.add(key.place, "setting", f"guardrail {name!r} has no setting {key.text!r}", nearest(key.text, spoken))
        elif (value := _setting(field, fields[field], node, log)) is not None:
            settings[field] = value
            _try(PluginUse(name, "", {field: value}), node, registry, dial, log)
    use = PluginUse(name, versions, settings)
    _try(use, keys, registry, dial, log)
    return use


def _setting(field: str, hint: Any, node: Node, log: Log) -> object:  # a type form
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        hint = next(kind for kind in get_args(hint) if kind is not type(None))
        origin = get_origin(hint)
    if hint is bool:
        return BOOL.read(node, log)
    if hint is int:
        return DURATION.read(node, log) if field.endswith("_s") and not _is_zero(node) else WHOLE.read(node, log)
    if hint is float:
        return (SHARE if isinstance(node, Scalar) and node.text.endswith("%") else NUMBER).read(node, log)
    if origin is tuple:
        return list(many(TEXT).read(node, log) or ())
    if origin is not None and issubclass(origin, Mapping):
        return _plain(node)
    return TEXT.read(node, log)


def _is_zero(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text == "0"


def _plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Keys):
        return {name.text: _plain(value) for name, value in node.pairs}
    return [_plain(item) for item in node.items]


def _caps(section: Keys, log: Log) -> dict[str, object]:
    caps: dict[str, object] = {}
    for name, node in section.pairs:
        found = CAP.read(node, log)
        renamed = {
            {"within": "within_s", "suppress": "suppress_s"}.get(key, key): value for key, value in found.items()
        }
        if "exempt" in renamed:
            renamed["exempt"] = list(renamed["exempt"])
        if {"count", "within_s"} <= renamed.keys():
            caps[name.text] = renamed
    return caps


def _try(use: PluginUse, node: Node, registry: Registry, dial: Dial, log: Log) -> None:
    """Note what the guardrail itself says against its settings."""
    try:
        registry.guardrail(use, dial)
    except PluginError as error:
        log.add(node.place, "setting", str(error))
