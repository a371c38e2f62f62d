"""Reads which guardrails apply, and their settings, by the fields of the guardrail's own class."""

from collections.abc import Mapping
from typing import Final

import attrs

from ..measured_sources import JUDGING
from ..policy import Dial, PluginUse
from ..registry import Registry
from .contact_policy import CAP, QUIET_HOURS, settings_of_record
from .format_types import ID
from .measured_table import SOURCES
from .merged import Sections
from .plugin_uses import UsesReader
from .records import with_defaults
from .source import Place, Scalar

#: The distribution whose guardrails apply unless a policy says `off`.
OWN_DISTRIBUTION: Final = "tactful"
#: The guardrail that takes the sections `caps` and `quiet_hours`; `JUDGING` takes `sources`.
CAPPING: Final = "overcrowding"


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
        self._uses = UsesReader(registry, dial, sections.log)

    def read(self) -> tuple[PluginUse, ...]:
        """Return the guardrails of the policy: tactful's own unless they are off, and others that it names."""
        known = self._registry.guardrails
        uses = {name: PluginUse(name) for name, it in known.items() if it.distribution == OWN_DISTRIBUTION}
        for name, node in self._sections.keys("guardrails").pairs:
            self.places[name.text] = name.place
            if not self._uses.there(name):
                continue
            if isinstance(node, Scalar) and node.text == "off":
                uses.pop(name.text, None)
            else:
                uses[name.text] = self._uses.use(name, node)
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
        if self._uses.takes(PluginUse(keeper, "", settings), place):
            uses[keeper] = attrs.evolve(use, settings={**use.settings, **settings})

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
                or self._uses.takes(
                    PluginUse(JUDGING, "", {"measured": {name: sources}}),
                    places.get(name, self._sections.place("sources")),
                )
            }
        }
