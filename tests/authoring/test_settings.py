"""Guardrails are set by the fields of their own classes, and the dial sets what a policy leaves out."""

from collections.abc import Mapping
from typing import Literal

import attrs
import pytest

from tactful import Catalog, PolicyError, Registry, Scope, hookimpl
from tactful.authoring import compile_files
from tactful.authoring.contact_policy import CAP, QUIET_HOURS
from tactful.authoring.plugin_uses import settings_of
from tactful.policy import Dial, PluginUse
from tactful_plugins.caps import CapSetting
from tactful_plugins.quiet import QuietSetting


@attrs.frozen
class Pause:
    """A guardrail with a setting of every kind."""

    name = "pause"
    word: str = "a"
    either: Literal["left", "right"] = "left"
    flag: bool = False
    length_s: int = 60
    count: int = 1
    share: float = 0.5
    words: tuple[str, ...] = ()
    maybe_s: int | None = None
    table: Mapping[str, object] = attrs.field(factory=dict)

    def scope(self, catalog: Catalog) -> Scope:
        return catalog.all

    def limits(self, _: Catalog) -> tuple[()]:
        return ()

    def sentence(self) -> str:
        return "Pauses."


class Plugin:
    @staticmethod
    @hookimpl
    def tactful_guardrails() -> list[type]:
        return [Pause]


@pytest.fixture
def uses(good):
    """Read the guardrails of the good policy with one more section."""

    def reading(text, registry=None):
        files = {"policy.yaml": good["policy.yaml"], "more.yaml": text.encode()}
        return {use.name: use for use in compile_files(files, registry=registry or Registry.of(Plugin())).guardrails}

    return reading


@pytest.mark.parametrize(
    ("written", "field", "value"),
    [
        ("word: 12", "word", "12"),
        ("either: right", "either", "right"),
        ("flag: true", "flag", True),
        ("length: 90m", "length_s", 5400),
        ("length: 0", "length_s", 0),
        ("count: 7", "count", 7),
        ("share: 20%", "share", 0.2),
        ("share: 1.5", "share", 1.5),
        ("words: [a, b]", "words", ["a", "b"]),
        ("words: a", "words", ["a"]),
        ("maybe: 1d", "maybe_s", 86_400),
        ("table: {a: {b: [1]}}", "table", {"a": {"b": ["1"]}}),
    ],
)
def test_a_setting_by_the_type_of_its_field(uses, written, field, value):
    assert uses(f"guardrails: {{pause: {{{written}}}}}")["pause"] == PluginUse("pause", "", {field: value})


def test_other_people_s_guardrails_run_only_if_they_are_named(uses):
    assert uses("guardrails: {}") == {}
    assert uses("guardrails: {pause: {versions: '>=0', count: 2}}")["pause"] == PluginUse("pause", ">=0", {"count": 2})


def test_tactful_s_own_apply_unless_they_are_off(uses, registry):
    own = uses("guardrails: {}", registry)
    assert set(own) == set(registry.guardrails)
    assert set(uses("guardrails: {boudoir: off}", registry)) == set(own) - {"boudoir"}
    assert uses("guardrails: {boudoir: {}}", registry) == own


def test_the_section_caps_belongs_to_overcrowding(uses, registry):
    caps = "caps:\n  all: {within: 7d}\n  a: {count: 2, exempt: mandatory}\n"
    assert uses(f"guardrails: {{overcrowding: {{after_purchase: 1d}}}}\n{caps}", registry)["overcrowding"].settings == {
        "after_purchase_s": 86_400,
        "caps": {"a": {"count": 2, "exempt": ["mandatory"], "within_s": 604_800}},
    }
    assert not {"caps", "quiet"} & settings_of(registry.guardrails["overcrowding"].cls).keys()


def test_windows_are_lengths_or_units_of_the_calendar(uses, registry):
    caps = "a: {count: 1, within: 2 weeks, week_start: sunday, zone: customer}, b: {count: 1, within: day}"
    settings = uses(f"caps: {{{caps}}}\n", registry)["overcrowding"].settings["caps"]
    assert settings == {
        "a": {"count": 1, "unit": "week", "times": 2, "week_start": "sunday", "zone": "customer"},
        "b": {"count": 1, "unit": "day", "times": 1},
    }


def test_the_section_quiet_hours_belongs_to_overcrowding(uses, registry):
    text = "quiet_hours: {from: 21:30, to: 08:00, days: [friday, saturday], exempt: mandatory, zone: Europe/Berlin}\n"
    assert uses(text, registry)["overcrowding"].settings == {
        "quiet": {
            "from_min": 1290,
            "to_min": 480,
            "days": ["friday", "saturday"],
            "exempt": ["mandatory"],
            "zone": "Europe/Berlin",
        },
    }


def test_dates_are_days_or_the_first_and_last_of_some(uses, registry):
    text = "quiet_hours: {from: 21:30, to: 08:00, dates: [2026-12-24 to 2026-12-26, 2028-02-29]}\n"
    quiet = uses(text, registry)["overcrowding"].settings["quiet"]
    assert quiet["dates"] == ["2026-12-24", "2026-12-25", "2026-12-26", "2028-02-29"]


@pytest.mark.parametrize(
    "days", ["2026-02-29", "24.12.2026", "2026-12-26 to 2026-12-24", "2026-01-01 to 2027-01-02", "christmas"]
)
def test_days_that_there_are_not_are_a_mistake(uses, registry, days):
    with pytest.raises(PolicyError, match=r"expected a day such as .* to 2026-12-26, found"):
        uses(f"quiet_hours: {{from: 21:30, to: 08:00, dates: [{days}]}}\n", registry)


def test_a_cap_has_the_keys_that_overcrowding_takes():
    fields = {field.name.removesuffix("_s") for field in attrs.fields(CapSetting)}
    assert CAP.keys.keys() == fields - {"unit", "times"}  # a window of the calendar is written as `within`, too


def test_quiet_hours_have_the_keys_that_overcrowding_takes():
    fields = {field.name.removesuffix("_min") for field in attrs.fields(QuietSetting)}
    assert QUIET_HOURS.keys.keys() == fields


@pytest.mark.parametrize("dial", Dial)
def test_the_dial_sets_what_is_left_out(registry, dial):
    for name, brought in registry.guardrails.items():
        made = registry.guardrail(PluginUse(name), dial)
        defaults = getattr(brought.cls, "dial", {}).get(dial.value, {})
        plain = brought.cls()
        for field in attrs.fields(brought.cls):
            assert getattr(made, field.name) == defaults.get(field.name, getattr(plain, field.name))


def test_the_dial_of_a_policy_reaches_its_guardrails(good, registry):
    files = {"policy.yaml": good["policy.yaml"], "dial.yaml": b"values: {dial: conservative}"}
    policy = compile_files(files, registry=registry)
    assert policy.values.dial is Dial.CONSERVATIVE
    assert policy.conditions != compile_files({"policy.yaml": good["policy.yaml"]}, registry=registry).conditions
