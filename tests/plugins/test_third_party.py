"""A stranger's distribution: built, installed beside tactful, found by policies, and tested by itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert len(list((made / "tests").iterdir())) == 1


@pytest.mark.parametrize(
    "answers", [{"name": "Odd name"}, {"topic": "9"}, {"sentence": 'a "quote"'}, {"sentence": " "}, {"kind": "adapter"}]
)
def test_the_template_refuses_what_would_be_no_plugin(tmp_path, answers):
    copier = pytest.importorskip("copier", reason="needs copier")

    with pytest.raises(ValueError, match=next(iter(answers))):
        copier.run_copy(str(ROOT / "examples" / "plugin_template"), tmp_path / "made", data=answers, defaults=True)
