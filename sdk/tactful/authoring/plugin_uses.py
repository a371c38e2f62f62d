"""Reads how a policy names a plugin, with its settings by the fields of the plugin's own class, each at its place."""

import types
from collections.abc import Mapping
from typing import Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs

from ..errors import PluginError
from ..names import hint_for
from ..policy import Dial, PluginUse
from ..registry import Registry
from .format_types import BOOL, TEXT, Type, duration_s, kind, many, number, one_of, scalar, share, whole
from .merged import Sections
from .records import keys_or_none
from .source import Keys, Log, Node, Place, Scalar

LENGTH = scalar("a length of time such as 90d or 12h, or 0", lambda text: 0 if text == "0" else duration_s(text))
WHOLE = scalar("a whole number", whole)
AMOUNT = scalar("a number, or a share such as 20%", lambda text: share(text) if text.endswith("%") else number(text))
#: Settings of guardrails that sections of their own give.
_SECTIONED: Final = ("caps", "quiet", "measured")
#: Each kind of plugin with its article.
_A: Final = {"guardrail": "a guardrail", "ranker": "a ranker", "enricher": "an enricher"}


class UsesReader:
    """Reads uses of plugins of one kind: guardrails, rankers or enrichers."""

    def __init__(self, registry: Registry, dial: Dial, log: Log, sort: str = "guardrail") -> None:
        self._registry = registry
        self._dial = dial
        self._log = log
        self._sort = sort
        self._known = {name: it.cls for name, it in registry.plugins() if it.kind == sort}
        self._others = {name: it.kind for name, it in registry.plugins() if it.kind != sort}

    def there(self, name: Scalar) -> bool:
        """Return whether a plugin is there, after noting a mistake if it is not."""
        if name.text in self._known:
            return True
        other = self._others.get(name.text)
        hint = f"it is {_A[other]}: name it under `{other}s:`" if other else hint_for(name.text, self._known)
        self._log.add(name.place, self._sort, f"there is no {self._sort} {kind(name)}", hint)
        return False

    def use(self, name: Scalar, node: Node) -> PluginUse:
        """Return a plugin that is there with its settings, as far as they are right."""
        fields = settings_of(self._known[name.text])
        keys = keys_or_none(node, f"{self._sort} {name.text!r}", self._log)
        settings: dict[str, object] = {}
        versions = ""
        for key, value_node in keys.pairs if keys is not None else ():
            if key.text == "versions":
                versions = TEXT.read(value_node, self._log) or ""
            elif key.text not in fields:
                message = f"{self._sort} {name.text!r} has no setting {kind(key)}"
                self._log.add(key.place, "setting", message, hint_for(key.text, fields))
            else:
                field, type_ = fields[key.text]
                value = type_.read(value_node, self._log)
                if value is not None and self.takes(PluginUse(name.text, "", {field: value}), value_node.place):
                    settings[field] = value
        use = PluginUse(name.text, versions, settings)
        if self.takes(use, name.place):
            self._says(use, name.place)
        return use

    def _says(self, use: PluginUse, place: Place) -> None:
        """Note a mistake if the plugin does not say what it does: the policy document would have nothing to tell."""
        try:
            self._registry.said(use, self._dial, self._sort)
        except PluginError as error:
            self._log.add(place, self._sort, str(error), "let it say in a line of text what it does")

    def takes(self, use: PluginUse, place: Place) -> bool:
        """Return whether the plugin itself takes its settings, after noting what it says against them."""
        try:
            self._registry.made(use, self._dial, self._sort)
        except PluginError as error:
            self._log.add(place, "setting", str(error))
            return False
        return True


def read_uses(
    sections: Sections, registry: Registry, dial: Dial, sort: str
) -> tuple[tuple[PluginUse, ...], dict[str, Place]]:
    """Return the plugins that the section of rankers or enrichers names, and where."""
    reader = UsesReader(registry, dial, sections.log, sort)
    pairs = [(name, node) for name, node in sections.keys(f"{sort}s").pairs if reader.there(name)]
    uses = tuple(reader.use(name, node) for name, node in pairs)
    return tuple(sorted(uses, key=lambda use: use.name)), {name.text: name.place for name, _ in pairs}


def settings_of(cls: type) -> dict[str, tuple[str, Type[Any]]]:
    """Return a plugin's settings by the word that a policy uses: the field, and what may stand there."""
    try:
        hints = get_type_hints(cls)
    except (NameError, TypeError):  # annotations that only their author can resolve
        hints = {}
    settings = {}
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)):
        if field.name not in _SECTIONED:
            settings[field.name.removesuffix("_s")] = (field.name, _type_of(field.name, hints.get(field.name, str)))
    return settings


def _type_of(field: str, hint: Any) -> Type[Any]:  # a type form
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    origin = get_origin(hint)
    if origin is Literal:
        return one_of({word: word for word in get_args(hint)}, f"word for {field!r}")
    if origin is tuple:
        return _as_list(many(_type_of(field, get_args(hint)[0])))
    if origin is not None and issubclass(origin, Mapping):
        return Type("keys", lambda node, _log: _untyped(node))
    simple: dict[object, Type[Any]] = {bool: BOOL, float: AMOUNT, int: LENGTH if field.endswith("_s") else WHOLE}
    return simple.get(hint, TEXT)


def _as_list(type_: Type[tuple[Any, ...]]) -> Type[list[Any]]:
    """Return the type of a list, as bundles carry it."""

    def read(node: Node, log: Log) -> list[Any] | None:
        values = type_.read(node, log)
        return None if values is None else list(values)

    return Type(type_.words, read)


def _untyped(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Keys):
        return {name.text: _untyped(value) for name, value in node.pairs}
    return [_untyped(item) for item in node.items]
