"""Every command, sample and table in docs/governance.md is true."""

import re
import shlex
import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tactful
from tactful.authoring import as_markdown, compile_files, compile_folder, diff, document
from tactful.authoring.comparing import kind_of
from tactful.authoring.document import TIERS
from tactful.authoring.init import init
from tactful.cli.app import app
from tactful.policy import PluginUse

PAGE = (Path(__file__).parents[2] / "docs" / "governance.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def blocks(kind):
    return [block for it, block in BLOCKS if it == kind]


def table(head):
    """The rows of the table that begins with a heading."""
    lines = PAGE[PAGE.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with the policy of `tactful init`, and its bundle."""
    init(tmp_path / "policy")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert ended(["build", "policy", "-o", "shop.bundle"]) == 0
    return tmp_path


def ended(arguments):
    return CliRunner().invoke(app, arguments, prog_name="tactful").exit_code


def changed(folder, yaml):
    """Write what a sample changes over what the policy had."""
    path = folder / "policy" / "policy.yaml"
    text = path.read_text(encoding="utf-8")
    if "caps:" in yaml:
        text = re.sub(r"^caps:\n(  .*\n)+", "", text, flags=re.MULTILINE)
        text = re.sub(r"^  regulars: .*\n", "", text, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    (folder / "policy" / "more.yaml").write_text(yaml, encoding="utf-8")


def test_the_commands_print_what_the_page_shows(here):
    page, difference = blocks("console")
    for block in (page, difference):
        if block is difference:
            changed(here, blocks("yaml")[0])
        command, _, shown = block.partition("\n")
        assert command.startswith("$ tactful ")
        run = CliRunner().invoke(app, shlex.split(command)[2:], prog_name="tactful")
        assert (run.exit_code, run.stdout) == (int("Looser" in shown), shown)


def test_what_is_to_be_noticed_is_as_shown(here):
    (written,) = re.findall(r"^policy's appetite for risk\. After `(.*)`:$", PAGE, re.MULTILINE)
    changed(here, written)
    (shown,) = blocks("markdown")
    assert shown in as_markdown(document(compile_folder(here / "policy")))


def test_the_line_for_a_build_server_is_a_command_of_ours(here):
    (line,) = re.findall(r"^- run: tactful (.*?) \|\|", PAGE, re.MULTILINE)
    (here / "live.bundle").write_bytes((here / "shop.bundle").read_bytes())
    assert ended(shlex.split(line)) == 0
    (here / "live.bundle").unlink()
    assert ended(shlex.split(line)) == 2


def test_the_table_of_what_is_looser_is_the_one_that_is_used():
    tables = {
        "values": "_VALUES", "channel": "_CHANNEL", "placement": "_PLACEMENT", "topic": "_TOPIC",
        "attribute": "_ATTRIBUTE", "offer": "_OFFER", "text": "_TREATMENT",
    }  # fmt: skip
    sections = vars(sys.modules["tactful.authoring.diff_sections"])
    used = {
        (name, field.removesuffix("_s"), ", then ".join(way) if isinstance(way, tuple) else way)
        for name, table_ in tables.items()
        for field, way in sections[table_].items()
        if way != "neither"
    }
    told = {
        (of.strip("`"), setting, looser)
        for of, what, looser in table("| of | what | looser is |")
        for setting in re.findall(r"`(\w+)`", what)
    }
    assert told == used


def test_a_greater_margin_shows_less():
    """Why a smaller margin of exposure is looser: the engine gives up less worth to be less familiar."""
    shop = """
      channels: {email: private}
      placements: {letter: {channel: email}}
      topics: {food: {}}
      purposes: {service: {basis: contract}}
      profile: {known: {all: {owner: crm, source: stated}, name: text}}
      offers:
        olives: {intent: inform, topic: food, treatments: [Olives, {title: "{profile.name}, olives", lift: 1.2}]}
      values: {exposure_margin: %s}
    """
    tones, policies = [], []
    for margin in ("10%", "20%"):
        policies.append(compile_files({"shop.yaml": (shop % margin).encode()}))
        with tactful.open(policies[-1]) as edge:
            (pick,) = edge.decide("letter", "ann", profile={"name": "Ann"}).picks
            tones.append(pick.tone)
    assert tones[1] < tones[0]
    assert [change.kind for change in diff(*policies).changes] == ["tighter"]


def test_the_tiers_are_those_of_the_document():
    assert [row[0].lower() for row in table("| tier | it answers |")] == list(TIERS)


def test_the_sample_says_what_loosens_it(here):
    (sample,) = blocks("python")
    module = types.ModuleType("shop_pause")
    exec(sample, module.__dict__)  # noqa: S102 - the page's own
    installed = tactful.Registry.installed()
    registry = tactful.Registry({**installed.guardrails, **tactful.Registry.of(module).guardrails})
    files = {"policy.yaml": (here / "policy" / "policy.yaml").read_bytes()}
    profile = "profile: {wishes: {paused_at: {type: time, owner: crm, protect: true}}}\n"
    old, new = (
        compile_files(
            {**files, "more.yaml": f"{profile}guardrails: {{pause: {{days: {days}}}}}\n".encode()}, registry=registry
        )
        for days in (30, 7)
    )
    assert [str(change) for change in diff(old, new, registry).of("looser")] == ["guardrail pause: days was 30, is 7"]
    line = ("pause", registry.sentence(PluginUse("pause", "", {"days": 7}), tactful.Dial.BALANCED))
    told = {
        tier.name
        for tier in document(new, registry).tiers
        for section in tier.sections
        if section.title == "Guardrails" and line in section.rows
    }
    assert told == {"values", "execution"}


def test_every_direction_is_in_its_table():
    told = {word for row in table("| a direction |") for word in re.findall(r"`([a-z ]+)`", row[0])}
    several = {"more of each", "less of each"}
    assert told == several | {"more", "less", "more or none", "less or none", "wider", "narrower", "later", "earlier"}
    assert kind_of("low", "high", ("low", "high")) == "looser"
