"""The contracts on imports hold, and each of them notices when it is broken."""

import os
import shutil
import subprocess
import sys

import pytest

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# contract: (a file, an import that the contract forbids there)
BREACHES = {
    "layers": ("sdk/tactful/familiarity.py", "import tactful.engine"),
    "stages": ("sdk/tactful/engine/rank.py", "import tactful.engine.guard"),
    "front-door": ("plugins/tactful_plugins/staleness.py", "import tactful.limits"),
    "apart": ("adapters/tactful_adapters/sqlite.py", "import tactful_plugins"),
    "core": ("sdk/tactful/registry.py", "import tactful_plugins"),
}


@pytest.fixture
def tree(root, tmp_path):
    for folder in ("sdk", "plugins", "adapters"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree, contract):
    paths = os.pathsep.join(str(tree / folder) for folder in ("sdk", "plugins", "adapters"))
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--contract", contract],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("contract", BREACHES)
def test_a_contract_holds_and_notices_a_breach(tree, contract):
    kept = lint(tree, contract)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    path, breach = BREACHES[contract]
    broken = tree / path
    broken.write_text(broken.read_text(encoding="utf-8") + f"\n{breach}\n", encoding="utf-8")
    noticed = lint(tree, contract)
    assert noticed.returncode == 1, noticed.stdout + noticed.stderr
    assert "BROKEN" in noticed.stdout


def test_every_contract_has_its_breach(root):
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    ids = {line.partition('"')[2].rstrip('"') for line in text.splitlines() if line.startswith("id = ")}
    assert ids == set(BREACHES)
