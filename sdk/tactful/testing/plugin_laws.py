"""What the kits for rankers and enrichers share: a shop in which one plugin is named, and the laws of settings."""
# ruff: noqa: S101 - to assert what is expected is what a kit is for

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ..engine.edge import Edge
from ..errors import ExtraMissing, PolicyError
from ..hookspecs import hookimpl
from ..opening import open as open_edge
from ..policy import PluginUse, Policy
from ..registry import Registry
from .generators.chance import NOON_US


class PluginConformance:
    """
    The laws of every plugin that a policy names with settings; the kits of each kind add their own.

    Attributes:
        settings: Settings that a policy could give it; the laws are held under each.
        policy: A shop in YAML, in one text, in which it has something to do; it does not name the plugin.
        examples: So many random customers and moments for each law.
    """

    settings: ClassVar[Sequence[Mapping[str, Any]]] = ({},)
    policy: ClassVar[str]
    examples: ClassVar[int] = 50
    kind: ClassVar[str]

    def test_a_setting_that_is_none_is_refused(self) -> None:
        """A misspelt setting is a mistake of the policy, with its line."""
        with pytest.raises(PolicyError, match="misspelt"):
            self._compiled({"misspelt": 1})

    def test_it_says_in_a_sentence_what_it_does(self) -> None:
        """Its line in the policy document is text for people, and tells one setting from another."""
        dial = self._compiled(self.settings[0]).values.dial
        registry = self._registry()
        sentences = [registry.sentence(PluginUse(self._name, "", chosen), dial, self.kind) for chosen in self.settings]
        assert all(one.strip() and one[-1] in ".!" for one in sentences), sentences
        assert len(set(sentences)) == len(sentences), "two settings have one sentence"

    # What the laws are made of

    @property
    def _plugin(self) -> type:
        found: type = getattr(self, self.kind)
        return found

    @property
    def _name(self) -> str:
        return str(getattr(self._plugin, "name", ""))

    def _registry(self, plugin: type | None = None) -> Registry:
        cls = plugin or self._plugin
        return Registry.of(
            SimpleNamespace(__name__="conformance", **{f"tactful_{self.kind}s": hookimpl(lambda: [cls])})
        )

    def _compiled(self, chosen: Mapping[str, Any] | None, plugin: type | None = None) -> Policy:
        """Return the shop with the plugin under these settings; with None, without it."""
        try:
            from ..authoring import compile_files  # noqa: PLC0415 - the extra author
        except ImportError as error:
            raise ExtraMissing("the laws of plugins", "author") from error
        named = "" if chosen is None else f"\n{self.kind}s:\n  {self._name}: {json.dumps(dict(chosen))}\n"
        return compile_files({"policy.yaml": f"{self.policy}{named}".encode()}, registry=self._registry(plugin))

    def _opened(self, policy: Policy, plugin: type | None = None, **options: Any) -> Edge:
        return open_edge(policy, registry=self._registry(plugin), clock=lambda: NOON_US, **options)
