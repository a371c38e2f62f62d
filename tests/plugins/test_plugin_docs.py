"""docs/plugins.md, done by somebody who has nothing but the page and an empty folder; and what it promises to keep."""

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from tactful import hookspecs
from tactful.authoring import compile_files
from tactful.errors import PolicyError
from tactful.registry import HOOKS, Registry

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
FILES = {
    match[1]: text for _, text in BLOCKS if (match := re.match(r"# ([\w./]+\.(?:py|toml|yaml))\n", text)) is not None
}
ENTRIES = {
    "tactful": "from tactful.cli.app import run; run()",
    "pytest": "import pytest; raise SystemExit(pytest.main())",
}
SESSIONS = [text for kind, text in BLOCKS if kind == "console"]


class Folder:
    """An empty folder, and a shell in it that finds what was installed there."""

    def __init__(self, path):
        self.path, self.site = path, path.parent / "site"

    def run(self, command):
        if command.startswith("pip install"):
            return self.install()
        words = shlex.split(command)
        if words[0] in ENTRIES:
            words = [sys.executable, "-c", ENTRIES[words[0]], *words[1:]]
        elif words[0] == "sed":  # its options differ between systems
            old, new = words[2].removeprefix("s/").removesuffix("/").split("/")
            file = self.path / words[3]
            file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
            return ""
        paths = [str(self.site), *(p for p in sys.path if p)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "100"}
        ended = subprocess.run(
            words, check=False, cwd=self.path, env=environment, capture_output=True, text=True, timeout=120
        )
        return ended.stdout + ended.stderr

    def install(self):
        """Build the wheel and unpack it, as an installer does it."""
        shutil.rmtree(self.site, ignore_errors=True)
        dist = self.path.parent / "dist"
        words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
        subprocess.run(words, check=True, cwd=self.path, capture_output=True, timeout=120)
        (wheel,) = dist.glob("*.whl")
        shutil.unpack_archive(wheel, self.site, "zip")
        wheel.unlink()
        return ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("newcomer") / "empty"
    made.mkdir()
    for name, text in FILES.items():
        if name not in {"shop_rain.py", "shop_town.py", "profile.yaml"}:
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_text(text, encoding="utf-8")
    found = Folder(made)
    found.install()
    return found


def steps(session):
    """Each command of a session with the lines that it is to print; … stands for any."""
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command, printed.strip().splitlines()


def matches(wanted, printed):
    pattern = r"\n".join(re.escape(line.rstrip()).replace("…", ".*") if line != "…" else r"[\s\S]*" for line in wanted)
    text = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(pattern, text) is not None


@pytest.mark.parametrize("session", SESSIONS, ids=lambda one: one.splitlines()[0])
def test_each_command_prints_what_the_page_says(folder, session):
    for command, wanted in steps(session):
        printed = folder.run(command)
        assert matches(wanted, printed), f"$ {command}\n{printed}"


def test_a_page_that_says_otherwise_would_be_noticed(folder):
    printed = folder.run("tactful explain policy home --persona ann --plugins")
    assert matches(["…", "pause (shop-pause 1.0)", "…"], printed)
    assert not matches(["…", "pause (shop-pause 2.0)", "…"], printed)


def test_the_guardrail_has_fifteen_lines():
    code = [line for line in FILES["shop_pause.py"].splitlines() if line.strip() and not line.startswith("#")]
    assert len(code) == 15


def plugin(name):
    scope: dict[str, object] = {"__name__": name}
    exec(FILES[name], scope)  # noqa: S102 - our own page
    return type(name, (), {key: staticmethod(one) for key, one in scope.items() if key.startswith("tactful_")})


def test_the_ranker_and_the_enricher_of_the_page_work():
    registry = Registry.of(plugin("shop_rain.py"), plugin("shop_town.py"))
    shop = FILES["policy/policy.yaml"].partition("guardrails:")[0] + "context: {weather: text}\nrankers: {rainy: {}}\n"
    files = {"policy.yaml": shop.encode(), "profile.yaml": FILES["profile.yaml"].encode()}

    policy = compile_files(files, registry=registry)

    (boost,) = policy.ranking.boosts
    assert (boost.times, set(boost.offers)) == (2.0, {"olives", "riesling"})
    assert [(use.reads, use.gives) for use in policy.enrichers] == [(("postcode",), ("town",))]
    files["profile.yaml"] = files["profile.yaml"].replace(b"derived_from: postcode, ", b"")
    with pytest.raises(PolicyError, match="not declared as derived"):
        compile_files(files, registry=registry)


# What stays as it is: to change a line here is to break plugins, and needs a major version.

SIGNATURES = {
    "tactful_guardrails": "()",
    "tactful_rankers": "()",
    "tactful_enrichers": "()",
    "Guardrail.scope": "(self, catalog)",
    "Guardrail.limits": "(self, catalog)",
    "Guardrail.sentence": "(self)",
    "Ranker.factors": "(self, catalog)",
    "Ranker.sentence": "(self)",
    "Enricher.reads": "(self)",
    "Enricher.gives": "(self)",
    "Enricher.enrich": "(self, known)",
    "Enricher.sentence": "(self)",
}


def signature(function):
    parts = inspect.signature(function).parameters.values()
    bare = [part.replace(annotation=inspect.Parameter.empty) for part in parts]
    return str(inspect.Signature(bare))


def test_hooks_and_methods_are_as_they_were():
    hooks = {name: signature(one) for name, one in vars(hookspecs).items() if name.startswith("tactful_")}
    methods = {
        f"{cls.__name__}.{name}": signature(one)
        for cls in (hookspecs.Guardrail, hookspecs.Ranker, hookspecs.Enricher)
        for name, one in vars(cls).items()
        if inspect.isfunction(one) and not name.startswith("_")
    }
    assert {**hooks, **methods} == SIGNATURES


def test_the_page_promises_the_same():
    rows = re.findall(r"^\| (guardrail|ranker|enricher) \| (.*?) \|", PAGE.partition("## What stays")[2], re.MULTILINE)
    told = {f"{kind.title()}.{name}" for kind, cells in rows for name in re.findall(r"`(\w+)\(", cells)}
    assert told == {name for name in SIGNATURES if "." in name}
    assert set(re.findall(r"`(tactful_\w+)`", PAGE.partition("## What a plugin")[2])) == set(HOOKS)


def test_a_plugin_of_the_first_day_still_works():
    """Written with no more than the hooks demand: no optional attribute."""

    @attrs.frozen
    class Bare:
        name = "bare"

        def scope(self, catalog):
            return catalog.all

        def limits(self, catalog):
            return ()

        def sentence(self):
            return "Nothing."

    found = Registry.of(type("plugin", (), {"tactful_guardrails": staticmethod(hookspecs.hookimpl(lambda: [Bare]))}))
    shop = FILES["policy/policy.yaml"].partition("guardrails:")[0] + "guardrails: {bare: {}}\n"
    assert [use.name for use in compile_files({"p.yaml": shop.encode()}, registry=found).guardrails] == ["bare"]
