"""The samples of docs/evidence.md run, and print what the page says."""

import base64
import doctest
import shlex
import shutil
from pathlib import Path

from typer.testing import CliRunner

from tactful.cli.app import app

from ..cli.conftest import shop, starter  # noqa: F401 - fixtures
from ..docs.conftest import samples

PAGE = "docs/evidence.md"


def printed(sample, decision):
    """The output of a page's command, with the decision's id; to where the page leaves off."""
    command, _, output = sample.text.partition("\n")
    words = shlex.split(command.removeprefix("$ tactful ").replace("ID", decision))
    return words, output.replace("ID", decision).partition("…")[0]


def test_the_samples_of_the_page_run_one_after_the_other(shop):  # noqa: F811 - the fixture
    policy = shop / "policy.yaml"
    policy.write_text(policy.read_text().replace("zone: UTC}", "zone: UTC, evidence: 90d}"))
    Path("evidence.key").write_bytes(base64.b64encode(b"k" * 32))
    shutil.copytree(shop, "stricter")
    Path("stricter/policy.yaml").write_text(policy.read_text().replace("count: 3,", "count: 1,"))
    code = "\n".join(sample.text for sample in samples(PAGE, "pycon"))
    test = doctest.DocTestParser().get_doctest(code, {}, PAGE, PAGE, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert runner.run(test, clear_globs=False).failed == 0
    assert test.examples
    decision = test.globs["record"].id
    consoles = samples(PAGE, "console")
    assert len(consoles) == 3
    for sample in consoles:
        words, output = printed(sample, decision)
        ended = CliRunner().invoke(app, words, prog_name="tactful", env={"COLUMNS": "80"})
        assert ended.exit_code == 0, ended.output
        assert ended.stdout.startswith(output), sample


def test_the_commands_of_the_page_are_there():
    commands = [line for sample in samples(PAGE, "sh") for line in sample.text.splitlines()]
    assert [line.split()[0] for line in commands] == ["head", "tactful", "tactful", "tactful"]
