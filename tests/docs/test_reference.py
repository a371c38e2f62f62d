"""docs/policy.md and docs/commands.md have every key and every option, as the code has them."""

import re

import pytest

from tactful.authoring import compile_files
from tactful.authoring.records import Record
from tactful.authoring.sections import SECTIONS
from tactful.cli.app import COMMANDS

from . import commands, reference
from .conftest import PAGES

POLICY, COMMAND_LINE = (PAGES[f"docs/{name}.md"].read_text(encoding="utf-8") for name in ("policy", "commands"))


def test_every_table_is_as_the_code_has_it():
    assert reference.renewed(POLICY) == POLICY, "python tests/docs/reference.py renews the tables"


def test_every_record_has_its_table():
    assert re.findall(r"<!-- table: ([\w ]+) -->", POLICY) == list(reference.RECORDS)
    for section, table in SECTIONS.items():
        assert re.search(rf"^(#+ {section.capitalize()}$|.*`{section}\b|{section}: )", POLICY, re.MULTILINE), section
        assert not isinstance(table, Record) or table in reference.RECORDS.values()


def test_a_key_that_is_not_on_the_page_would_be_noticed():
    assert reference.renewed(POLICY.replace("| `slots` |", "| `slotz` |")) == POLICY


def test_every_guardrail_is_on_the_page(registry):
    text = POLICY.partition("## Guardrails")[2].partition("\n## ")[0]
    for name in registry.guardrails:
        assert f"`{name}`" in text


def test_every_command_is_as_the_code_has_it():
    assert commands.renewed(COMMAND_LINE) == COMMAND_LINE, "python tests/docs/commands.py renews the page"
    assert re.findall(r"^## tactful ([\w-]+)$", COMMAND_LINE, re.MULTILINE) == list(COMMANDS)


# What holds if a key is left out, where the page says it as it would be written.

BASE = {
    "channels": "web: private",
    "topics": "food: {}",
    "purposes": "offers: consent",
    "placements": "home: web",
    "profile": "group: {scores: scores}",
}
OFFER = "intent: sell, topic: food, when: context.gpc"
#: A section with an item of each record, to which a key is added.
ITEMS = {
    "values": "values: {%s}",
    "channels": "channels: {new: {privacy: private, %s}}",
    "placements": "placements: {new: {channel: web, %s}}",
    "topics": "topics: {new: {%s}}",
    "purposes": "purposes: {offers: {%s}}",
    "context": "context: {new: {type: int, %s}}",
    "profile": "profile: {more: {new: {type: int, %s}}}",
    "segments": "segments: {new: {when: context.gpc, %s}}",
    "ranking": "ranking: {affinity: scores, %s}",
    "caps": "caps: {new: {count: 1, within: 1d, %s}}",
    "offers": f"offers: {{new: {{{OFFER}, treatments: New, %s}}}}",
    "treatment": f"offers: {{new: {{{OFFER}, treatments: {{title: New, %s}}}}}}",
}
DEFAULTS = [
    (name, key, spec.default.strip("`"))
    for name, record in reference.RECORDS.items()
    for key, spec in record.keys.items()
    if re.fullmatch("`[^`]+`", spec.default) and name in ITEMS and key != "id"  # `id` goes with `each`: see test_tables
]


def compiled(section: str, registry) -> object:
    files = {f"{name}.yaml": f"{name}: {{{text}}}".encode() for name, text in BASE.items()}
    files["offers.yaml"] = f"offers: {{base: {{{OFFER}, purpose: offers, treatments: Base}}}}".encode()
    name = section.partition(":")[0]
    if name == "purposes":
        del files["purposes.yaml"]
    policy = compile_files({**files, "new.yaml": section.replace(", }", "}").encode()}, registry=registry)
    # A cap's settings are kept as they are written; what they come to is the guardrail's.
    made = [registry.guardrail(use, policy.values.dial) for use in policy.guardrails]
    return [getattr(policy, field) for field in policy.__slots__ if field not in ("guardrails", "__weakref__")], made


@pytest.mark.parametrize(("name", "key", "default"), DEFAULTS)
def test_a_default_holds_if_a_key_is_left_out(registry, name, key, default):
    assert compiled(ITEMS[name] % f"{key}: {default}", registry) == compiled(ITEMS[name] % "", registry)


def test_most_defaults_are_tried():
    assert len(DEFAULTS) > 25


def test_another_default_would_be_noticed(registry):
    assert compiled(ITEMS["channels"] % "escape: none", registry) != compiled(ITEMS["channels"] % "", registry)
    assert compiled(ITEMS["caps"] % "then: defer", registry) != compiled(ITEMS["caps"] % "", registry)
