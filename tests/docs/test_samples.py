"""Every sample on a page runs, and does what the page says of it."""

import ast
import doctest
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tactful
from tactful import PolicyError
from tactful.authoring import compile_files, compile_folder, load_suite
from tactful.cli.app import app
from tactful.installed import store_of

from .conftest import PAGES, ROOT, samples

#: Which test holds the samples of a kind; pages with tests of their own stand below.
HELD_HERE = {
    "README.md": {"yaml", "python", "sh"},
    "CONTRIBUTING.md": {"sh"},
    "docs/policy.md": {"yaml", "csv", "sh"},
    "docs/commands.md": {"console", "sh"},
    "docs/contact-policy.md": {"yaml", "pycon"},  # the latter by doctest
    "docs/differential.md": {"console"},
    "docs/errors.md": {"python", "yaml", "text"},
    "docs/one-decision.md": {"python"},
    "docs/signals.md": {"pycon"},  # by doctest
    "docs/start-developer.md": {"python", "sh"},
    "docs/start-policy.md": {"console", "sh"},
    "docs/stores.md": {"python", "pycon"},  # the latter by doctest
}
HELD_ELSEWHERE = {
    "docs/app.md": "tests/serve/test_app_docs.py",
    "docs/batch.md": "tests/batch/test_batch_docs.py",
    "docs/customer.md": "tests/engine/test_customer_docs.py",
    "docs/from-other-systems.md": "tests/docs/test_from_other_systems.py",
    "docs/events.md": "tests/segment/test_events_docs.py",
    "docs/email.md": "tests/email/test_email_docs.py",
    "docs/evidence.md": "tests/evidence/test_evidence_docs.py",
    "docs/governance.md": "tests/authoring/test_governance_docs.py",
    "docs/bundle.md": "tests/bundle/test_bundle_docs.py",
    "docs/demo.md": "tests/demo/test_demo_docs.py",
    "docs/guardrails.md": "tests/guardrails/test_guardrail_docs.py",
    "docs/plugins.md": "tests/plugins/test_plugin_docs.py",
    "docs/postgresql.md": "tests/stores/test_postgresql_docs.py",
    "docs/kiosk.md": "tests/kiosk/test_kiosk_docs.py",
    "docs/fleet.md": "tests/fleet/test_fleet_docs.py",
    "docs/nats.md": "tests/nats/test_nats_docs.py",
    "docs/openfeature.md": "tests/flags/test_flag_docs.py",
    "docs/relay.md": "tests/relay/test_relay_docs.py",
    "docs/rules.md": "tests/rules/test_rule_docs.py",
    "docs/spark.md": "tests/spark/test_spark_docs.py",
    "docs/speed.md": "tests/bench/test_bench.py",
    "docs/triggers.md": "tests/triggers/test_outbound.py",
    "docs/valkey.md": "tests/valkey/test_valkey_docs.py",
    "docs/web.md": "tests/web/test_django.py",
    "docs/subject-rights.md": "tests/stores/test_rights_docs.py",
    "docs/sync.md": "tests/sync/test_sync_docs.py",
    "docs/telemetry.md": "tests/telemetry/test_telemetry_docs.py",
}


def test_every_page_has_its_test():
    with_samples = {page for page in PAGES if samples(page)}
    assert with_samples <= HELD_HERE.keys() | HELD_ELSEWHERE.keys()
    for page in with_samples & HELD_HERE.keys():
        assert {sample.kind for sample in samples(page)} <= HELD_HERE[page], page
    for page in with_samples & HELD_ELSEWHERE.keys():
        assert Path(page).name in (ROOT / HELD_ELSEWHERE[page]).read_text(encoding="utf-8")


# policy.md


@pytest.fixture
def written(tmp_path):
    """The samples of docs/policy.md as files; those with the same name side by side."""
    for number, sample in enumerate(samples("docs/policy.md", "yaml", "csv")):
        name, _, content = sample.text.partition("\n")
        path = tmp_path / name.removeprefix("# ")
        if path.suffix == ".yaml":
            path = path.with_name(f"{path.stem}-{number:02}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


def test_the_smallest_policy_of_the_page_is_one(written):
    policy = compile_folder(written / "smallest")
    with tactful.open(policy) as edge:
        assert edge.decide("home").content == {"title": "Olives half price"}
    for line in (lines := next((written / "smallest").iterdir()).read_text().splitlines()):
        rest = "\n".join(other for other in lines if other != line)
        with pytest.raises(PolicyError):
            compile_files({"policy.yaml": rest.encode()})


def test_the_samples_of_the_page_are_one_policy_whose_tests_pass(written):
    shutil.rmtree(written / "smallest")
    suite = load_suite(written)
    outcomes = list(suite.run())
    assert len(outcomes) >= 3
    assert [outcome for outcome in outcomes if not outcome.passed] == []
    assert {offer.id for offer in suite.policy.offers} >= {"coupons.a1", "coupons.b2"}


# README.md and other pages with YAML


def test_the_contact_policy_at_the_head_of_its_page_is_one_for_its_shop():
    (head,), told = samples("docs/contact-policy.md", "yaml"), samples("docs/contact-policy.md", "pycon")
    sources = [example.source for example in doctest.DocTestParser().get_examples(told[0].text)]
    shop = next(ast.literal_eval(source.removeprefix("SHOP = ")) for source in sources if source.startswith("SHOP = "))
    rest = shop.replace("values: {zone: Europe/Berlin, customer_zone: zone}\n", "")
    policy = compile_files({"head.yaml": head.text.encode(), "rest.yaml": rest.encode()})
    (caps,) = (setting for setting in policy.guardrails if setting.name == "overcrowding")
    assert len(caps.settings["caps"]) == 6


def test_the_taste_in_the_readme_is_a_part_of_a_policy():
    (taste,) = samples("README.md", "yaml")
    rest = "channels: {web: private}\nplacements: {home: web}\ntopics: {food: {}}\npurposes: {offers: consent}\n"
    policy = compile_files({"taste.yaml": taste.text.encode(), "rest.yaml": rest.encode()})
    assert [offer.id for offer in policy.offers] == ["olives"]


def test_the_mistakes_that_errors_md_tells_are_told(good_policy):
    (wrong,), (told,) = samples("docs/errors.md", "yaml"), samples("docs/errors.md", "text")
    with pytest.raises(PolicyError) as raised:
        compile_files({**good_policy, "policy.yaml": wrong.text.partition("\n")[2].encode()})
    assert [str(mistake) for mistake in raised.value.mistakes] == told.text.splitlines()


@pytest.fixture
def good_policy():
    rest = (
        "channels: {web: private}\nplacements: {home: web}\ntopics: {food: {}}\npurposes: {offers: consent}\n"
        "profile: {loyalty: {first_name: text}}\n"
    )
    return {"rest.yaml": rest.encode()}


# Python


@pytest.mark.parametrize("page", ["README.md", "docs/errors.md", "docs/start-developer.md", "docs/stores.md"])
@pytest.mark.usefixtures("shop")
def test_the_python_of_a_page_runs(page):
    names: dict[str, object] = {}
    ran = samples(page, "python")
    assert ran
    for sample in ran:
        exec(compile("\n" * sample.line + sample.text, page, "exec"), names)  # noqa: S102 - the page's own samples
    edge = names.get("edge")
    if isinstance(edge, tactful.Edge):
        edge.close()


@pytest.mark.usefixtures("shop")
def test_the_decision_that_is_followed_can_be_made():
    (sample,) = samples("docs/one-decision.md", "python")
    with tactful.open("policy/") as edge:
        names: dict[str, object] = {"edge": edge}
        exec(sample.text, names)  # noqa: S102 - the page's own sample
        assert isinstance(names["decision"], tactful.Decision)


# the command line


def run(command: str) -> str:
    """What a command of the page prints; any other command is the shell's."""
    words = shlex.split(command)
    if words[0] != "tactful":
        return subprocess.run(command, shell=True, check=True, capture_output=True, encoding="utf-8").stdout  # noqa: S602 - the page's own
    result = CliRunner().invoke(app, words[1:], env={"COLUMNS": "120"})
    return result.output


def like(expected: str, printed: str) -> bool:
    """Whether lines are as expected; `…` stands for anything, alone in a line also for more lines."""
    patterns = (".*".join(map(re.escape, line.rstrip().split("…"))) for line in expected.splitlines())
    pattern = "\n".join("(?s:.*)" if one == ".*" else one for one in patterns)
    return re.fullmatch(pattern, "\n".join(map(str.rstrip, printed.rstrip().splitlines()))) is not None


@pytest.mark.parametrize("page", ["docs/commands.md", "docs/start-policy.md"])
def test_the_commands_print_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = [part for sample in samples(page, "console") for part in sample.text.split("\n$ ")]
    assert len(told) >= 7
    for part in told:
        command, _, expected = part.removeprefix("$ ").partition("\n")
        printed = run(command)
        assert like(expected, printed), f"{command}\n{printed}"


def test_another_output_would_be_noticed():
    assert like("a … b\nc", "a 12 b  \nc\n")
    assert not like("a … b\nc", "a 12 b\nd\n")
    assert like("a\n…\nd", "a\nb\nc\nd\n")
    assert not like("a\n…\nd", "a\nb\nc\n")
    assert not like("a", "a\nb")


def commands(page: str) -> list[str]:
    """The commands of tactful in a page's shell samples, those that follow one another apart."""
    lines = [line.partition(" #")[0] for sample in samples(page, "sh") for line in sample.text.splitlines()]
    parts = [part.strip().removeprefix(".venv/bin/") for line in lines for part in line.split("&&")]
    return [part for part in parts if part.startswith("tactful ")]


#: What `tactful sources` needs, and a new policy has not.
CHECKED = "profile: {more: {kids: {type: bool, source: stated}, guess: {type: bool, checked_by: kids}}}\n"


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("page", ["docs/policy.md", "docs/commands.md"])
def test_the_commands_of_a_page_run(page):
    """In their order, where what they name is; but what tests/demo, email, fleet, kiosk and others try."""
    of_a_fleet = ("enrol", "fleet", "rollout", "rollback")
    elsewhere = ("demo", "replay", "case", "relay", "serve", "pack", "mail", *of_a_fleet)
    told = [command for command in commands(page) if command.split()[1] not in elsewhere]
    assert told
    shutil.copy("policy/keys/development.private", "release.private")
    shutil.copy("policy/keys/development.public", "shop.public")
    shutil.copy("policy/keys/development.private", "legal.private")
    store_of("sqlite:///edge.db").close()  # as an edge has made it: who looks makes none
    for command in told:
        words = shlex.split(command.partition(" > ")[0])
        if words[1] == "init" and Path(words[2]).exists():
            shutil.rmtree(words[2])
        if words[1] == "sources":
            Path("policy", "checked.yaml").write_text(CHECKED, encoding="utf-8")
        result = CliRunner().invoke(app, words[1:])
        assert result.exit_code == 0, f"{command}: {result.output}"
        if words[1] == "init":
            shutil.copy(Path(words[2], "keys/development.private"), "release.private")
            shutil.copy(Path(words[2], "keys/development.public"), "shop.public")


@pytest.mark.parametrize("page", sorted({"CONTRIBUTING.md", "docs/differential.md"} & PAGES.keys()))
def test_what_developers_are_told_to_run_is_there(page):
    """Tools are not run, for they run everything; what is named behind them exists."""
    lines = [line for sample in samples(page, "sh", "console") for line in sample.text.splitlines()]
    told = [shlex.split(part, comments=True) for line in lines for part in line.removeprefix("$ ").split("&&")]
    environments = tomllib.loads((ROOT / "tox.toml").read_text(encoding="utf-8"))["env"]
    tried = 0
    for words in told:
        match [Path(words[0]).name, *words[1:]]:
            case ["pytest", *paths]:
                assert all((ROOT / path).exists() for path in paths), words
            case ["tox", "run", *rest]:
                assert not rest or rest[1] in environments, words
                assert all((ROOT / path).exists() for path in rest[3:]), words
            case ["python" | "python3", "-m", module, *options]:
                assert importlib.util.find_spec(module) is not None, words
                shown = subprocess.run(
                    [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True
                )
                assert all(option in shown.stdout for option in options if option.startswith("--")), words
            case _:
                continue
        tried += 1
    assert tried


# the first screen


def test_the_first_screen_is_short_and_prints_what_a_newcomer_should_see():
    path = ROOT / "examples" / "one_file.py"
    assert path.read_text(encoding="utf-8").count("\n") < 80
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("sdk", "plugins", "adapters"))
    ended = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    because = "you see this because of your name and you shop here often. We may use that to choose offers for you."
    assert ended.stdout.splitlines() == [
        "Ann, who agreed, sees: Ann, your olives",
        f"  your olives: {because}",
        "Ann, who did not, sees: Warm bread at four",
        "  Warm bread at four: everyone may see this; nothing about you was used.",
        "Without your agreement we do not choose offers for you.",
        "A visitor sees: Warm bread at four",
        "  Warm bread at four: everyone may see this; nothing about you was used.",
        "What kept the olives from Ann, who did not agree:",
        "  t2: content:profile.first_name, when:segment.regulars",
        "  t1: when:segment.regulars",
    ]
