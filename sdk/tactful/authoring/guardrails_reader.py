"""Reads which guardrails apply, and their settings, by the fields of the guardrail's own class."""

import types
from collections.abc import Mapping
from typing import Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs

from ..errors import PluginError
from ..measured_sources import JUDGING
from ..policy import Dial, PluginUse
from ..registry import Registry
from .contact_policy import CAP, QUIET_HOURS, settings_of_record
from .format_types import BOOL, ID, TEXT, Type, duration_s, kind, many, number, one_of, scalar, share, whole
from .measured_table import SOURCES
from .merged import Sections
from .names import hint_for
from .records import keys_or_none, with_defaults
from .source import Keys, Log, Node, Place, Scalar

#: The distribution whose guardrails apply unless a policy says `off`.
OWN_DISTRIBUTION: Final = "tactful"
#: The guardrail that takes the sections `caps` and `quiet_hours`; `JUDGING` takes `sources`.
CAPPING: Final = "overcrowding"
LENGTH = scalar("a length of time such as 90d or 12h, or 0", lambda text: 0 if text == "0" else duration_s(text))
WHOLE = scalar("a whole number", whole)
AMOUNT = scalar("a number, or a share such as 20%", lambda text: share(text) if text.endswith("%") else number(text))


class GuardrailsReader:
    """
    Reads the sections `guardrails`, `caps`, `quiet_hours` and `sources`.

    Attributes:
        places: Where each guardrail is named, of those that are.
    """

    def __init__(self, sections: Sections, registry: Registry, dial: Dial) -> None:
        self.places: dict[str, Place] = {}
        self._sections = sections
        self._log = sections.log
        self._registry = registry
        self._dial = dial

    def read(self) -> tuple[PluginUse, ...]:
        """Return the guardrails of the policy: tactful's own unless they are off, and others that it names."""
        known = self._registry.guardrails
        uses = {name: PluginUse(name) for name, it in known.items() if it.distribution == OWN_DISTRIBUTION}
        for name, node in self._sections.keys("guardrails").pairs:
            self.places[name.text] = name.place
            if name.text not in known:
                message = f"there is no guardrail {kind(name)}"
                self._log.add(name.place, "guardrail", message, hint_for(name.text, known))
            elif isinstance(node, Scalar) and node.text == "off":
                uses.pop(name.text, None)
            else:
                uses[name.text] = self._use(name, node)
        own = (
            ("caps", CAPPING, self._caps),
            ("quiet_hours", CAPPING, self._quiet),
            ("sources", JUDGING, self._measured),
        )
        for section, keeper, settings in own:
            if self._sections.get(section) is not None:
                self._give(uses, keeper, section, settings())
        return tuple(uses[name] for name in sorted(uses))

    def _give(self, uses: dict[str, PluginUse], keeper: str, section: str, settings: Mapping[str, object]) -> None:
        """Give a section's settings to the guardrail that keeps them, if it is there and takes them."""
        place = self._sections.place(section)
        use = uses.get(keeper)
        if use is None:
            message = f"{section} need the guardrail {keeper!r}, which is off or not installed"
            self._log.add(place, "guardrail", message, f"leave out {section}, or let it keep them")
            return
        self.places.setdefault(keeper, place)
        if self._refusal(PluginUse(keeper, "", settings), place):
            uses[keeper] = attrs.evolve(use, settings={**use.settings, **settings})

    def _use(self, name: Scalar, node: Node) -> PluginUse:
        fields = settings_of(self._registry.guardrails[name.text].cls)
        keys = keys_or_none(node, f"guardrail {name.text!r}", self._log)
        settings: dict[str, object] = {}
        versions = ""
        for key, value_node in keys.pairs if keys is not None else ():
            if key.text == "versions":
                versions = TEXT.read(value_node, self._log) or ""
            elif key.text not in fields:
                message = f"guardrail {name.text!r} has no setting {kind(key)}"
                self._log.add(key.place, "setting", message, hint_for(key.text, fields))
            else:
                field, type_ = fields[key.text]
                value = type_.read(value_node, self._log)
                if value is not None and self._refusal(PluginUse(name.text, "", {field: value}), value_node.place):
                    settings[field] = value
        use = PluginUse(name.text, versions, settings)
        self._refusal(use, name.place)
        return use

    def _refusal(self, use: PluginUse, place: Place) -> bool:
        """Note what the guardrail itself says against its settings; return whether it takes them."""
        try:
            self._registry.guardrail(use, self._dial)
        except PluginError as error:
            self._log.add(place, "setting", str(error))
            return False
        return True

    def _caps(self) -> dict[str, object]:
        caps: dict[str, object] = {}
        for name, keys in with_defaults(self._sections.keys("caps"), CAP.words, self._log):
            found = CAP.read(keys, self._log, name)
            if self._sections.named(name, ID) and CAP.complete(found):
                caps[name.text] = settings_of_record(found)
        return {"caps": caps}

    def _quiet(self) -> dict[str, object]:
        found = QUIET_HOURS.read(self._sections.keys("quiet_hours"), self._log)
        return {"quiet": settings_of_record(found)} if QUIET_HOURS.complete(found) else {}

    def _measured(self) -> dict[str, object]:
        found = SOURCES.read(self._sections.keys("sources"), self._log) or {}
        places = self._sections.names("sources")
        return {
            "measured": {
                name: sources
                for name, sources in found.items()
                if JUDGING not in self._registry.guardrails
                or self._refusal(
                    PluginUse(JUDGING, "", {"measured": {name: sources}}),
                    places.get(name, self._sections.place("sources")),
                )
            }
        }


def settings_of(cls: type) -> dict[str, tuple[str, Type[Any]]]:
    """Return a guardrail's settings by the word that a policy uses: the field, and what may stand there."""
    try:
        hints = get_type_hints(cls)
    except (NameError, TypeError):  # annotations that only their author can resolve
        hints = {}
    settings = {}
    for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)):
        if field.name not in ("caps", "quiet", "measured"):  # they have sections of their own
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
