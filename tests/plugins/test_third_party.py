"""A stranger's distribution: built, installed beside tactful, found by policies, and tested by itself."""

import builtins
import keyword
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tactful import Registry

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "third_party_plugin"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
LISTED = (
    "import tactful; "
    "print([(n, it.kind) for n, it in tactful.Registry.installed().plugins() if it.distribution == 'tactful-pause'])"
)

MADE = (
    "import tactful; "
    "print([(n, it.kind) for n, it in tactful.Registry.installed().plugins() "
    "if it.distribution.startswith('tactful-')])"
)


def run(*command, cwd, path=()):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, path), *(p for p in sys.path if p)])}
    ended = subprocess.run(command, check=False, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Where the example's wheel is unpacked, as an installer does it."""
    here = tmp_path_factory.mktemp("stranger")
    shutil.copytree(EXAMPLE, here / "source", ignore=shutil.ignore_patterns("*cache*", ".venv", "dist"))
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(here / "dist"), cwd=here / "source")
    (wheel,) = (here / "dist").glob("*.whl")
    shutil.unpack_archive(wheel, here / "site", "zip")
    return here


def test_the_wheel_has_the_modules_and_their_entry_points(installed):
    assert (installed / "site" / "tactful_pause.py").is_file()
    (points,) = (installed / "site").glob("*.dist-info/entry_points.txt")
    assert sorted(points.read_text(encoding="utf-8").splitlines()) == [
        "[tactful]",
        "habit = tactful_habit",
        "pause = tactful_pause",
        "rainy = tactful_rainy",
    ]


def test_policies_find_it_once_it_is_installed(installed):
    assert run(sys.executable, "-c", LISTED, cwd=installed, path=[installed / "site"]).strip() == str(
        [("pause", "guardrail"), ("rainy", "ranker"), ("habit", "enricher")]
    )


def test_its_own_tests_pass_against_what_was_installed(installed):
    told = run(
        *PYTEST,
        str(installed / "source" / "tests"),
        cwd=installed / "dist",
        path=[installed / "site"],
    )
    assert " passed" in told


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"name": "quiet_hour", "topic": "toys", "sentence": "not at night"},
        {"kind": "ranker", "name": "snowy", "topic": "toys", "sentence": "toys come first"},
        {"kind": "enricher", "name": "how_often", "sentence": "told by visits"},
    ],
)
def test_the_template_gives_a_plugin_whose_tests_pass(tmp_path, answers):
    copier = pytest.importorskip("copier", reason="needs copier")
    made = tmp_path / "made"
    copier.run_copy(str(ROOT / "examples" / "plugin_template"), made, data=answers, defaults=True, quiet=True)

    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=made)
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    told = run(*PYTEST, str(made / "tests"), cwd=tmp_path, path=[tmp_path / "site"])
    listed = run(sys.executable, "-c", MADE, cwd=tmp_path, path=[tmp_path / "site"]).strip()

    assert " passed" in told
    name = answers.get("name", "pause")
    assert listed == str([(name, answers.get("kind", "guardrail"))])
    assert len(list((made / "tests").glob("*.py"))) == 1


@pytest.mark.parametrize(
    "answers",
    [
        {"name": "Odd name"},
        {"name": "none"},
        {"name": "class"},
        {"name": "value_error"},
        {"name": "exception"},
        {"name": "scope"},
        {"name": "when"},
        {"name": "plugins"},
        {"name": "staleness"},
        {"name": "factor", "kind": "ranker"},
        {"name": "visits", "kind": "enricher"},
        {"topic": "9"},
        {"topic": "other"},
        {"sentence": 'a "quote"'},
        {"sentence": " "},
        {"sentence": "a } brace"},
        {"sentence": "two\nlines"},
        {"kind": "adapter"},
    ],
    ids=str,
)
def test_the_template_refuses_what_would_be_no_plugin(tmp_path, answers):
    copier = pytest.importorskip("copier", reason="needs copier")

    with pytest.raises(ValueError, match=next(iter(answers))):
        copier.run_copy(str(ROOT / "examples" / "plugin_template"), tmp_path / "made", data=answers, defaults=True)


def test_the_template_knows_every_name_that_is_taken():
    """What Python, the imports of the templates and tactful call something is no name of a plugin."""
    yaml = pytest.importorskip("ruamel.yaml", reason="needs the extra author").YAML(typ="safe")
    reserved = yaml.load(EXAMPLE.with_name("plugin_template") / "copier.yml")["reserved"]["default"]
    refused = {word for words in reserved.values() for word in words}

    def made(word):
        return "".join(part.capitalize() for part in word.split("_"))

    ours = [name for name, it in Registry.installed().guardrails.items() if it.distribution == "tactful"]
    assert set(reserved["guardrails"]) == set(ours)
    assert {word.lower() for word in keyword.kwlist} <= refused
    taken = {name for name in dir(builtins) if name[0].isupper() and not name.endswith(("Error", "Warning"))}
    for path in EXAMPLE.with_name("plugin_template").rglob("*.jinja"):
        for line in re.findall(r"^from \S+ import (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            taken |= {name for name in line.split(", ") if name.isidentifier() and name[0].isupper()}
    reachable = {name for name in taken if made(re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()) == name}
    assert reachable <= {made(word) for word in refused}
