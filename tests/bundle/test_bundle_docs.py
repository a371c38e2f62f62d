"""docs/bundle.md is true: its samples run in their order, and its tables are complete."""

import re
import shlex
from pathlib import Path

import attrs
import msgpack
import pytest
from typer.testing import CliRunner

from tactful import BundleError
from tactful.bundle import CLOCK_SKEW, SIZE_MAX_BYTES, Header, codec, envelope
from tactful.cli.app import app
from tactful.expr import Expr
from tactful.policy import Segment

from .conftest import payload, seal
from .small_policy import REGULAR

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "bundle.md").read_text(encoding="utf-8")
SOURCES = [ROOT / "sdk" / "tactful" / "plan_reader.py", *(ROOT / "sdk" / "tactful" / "bundle").glob("*.py")]


def first_cells(heading):
    """The words in the first column of the table that begins with a heading."""
    lines = PAGE[PAGE.index(heading) :].split("\n\n")[0].splitlines()[2:]
    return [line.split("|")[1].strip().strip("`") for line in lines]


def blank(text):
    """A text without what differs from build to build."""
    return re.sub(r'[\d,]+ bytes|epoch \d+|\d{4}-\d\d-\d\d \d\d:\d\d|key="[^"]+"', "…", text).split("\n")


def contents(match):
    """What a shell would put in place of `$(cat file)`."""
    return Path(match[1]).read_text(encoding="ascii").strip()


def test_the_samples_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init", "policy"]).exit_code == 0
    names: dict[str, object] = {}
    ran = []
    for kind, sample in re.findall(r"```(python|console)\n(.*?)```", PAGE, re.DOTALL):
        ran.append(kind)
        if kind == "python":
            exec(compile(sample, "docs/bundle.md", "exec"), names)  # noqa: S102 - the page's own samples
            continue
        command, *output = re.sub(r"\$\(cat (.*?)\)", contents, sample.removeprefix("$ ")).rstrip().split("\n")
        result = CliRunner().invoke(app, shlex.split(command)[1:])
        assert result.exit_code == 0, result.output
        assert not output or blank(result.stdout.rstrip()) == blank("\n".join(output))
    names["edge"].close()
    assert ran == ["python", "console", "python", "python", "console", "console"]


def test_the_table_has_every_code_of_a_refusal_and_no_other():
    raised = {code for path in SOURCES for code in re.findall(r'"(bundle-[a-z-]+)"', path.read_text(encoding="utf-8"))}

    assert sorted(first_cells("| code |")) == sorted(raised)


def test_the_table_s_order_is_that_of_the_checks():
    """As far as one bundle can be wrong in all of these ways at once."""
    codes = first_cells("| code |")
    order = [
        "bundle-too-large",
        "bundle-truncated",
        "bundle-unpinned",
        "bundle-altered",
        "bundle-too-new",
        "bundle-kind",
        "bundle-min-sdk",
        "bundle-foreign",
        "bundle-older",
        "bundle-expired",
        "bundle-digest",
        "bundle-policy",
    ]
    assert [code for code in codes if code in order] == order


def test_the_tables_of_the_format_are_complete():
    sealed = msgpack.unpackb(seal(payload()))

    assert first_cells("| key |") == list(sealed)
    assert first_cells("| field |") == [field.name for field in attrs.fields(Header)]
    assert envelope.PAYLOAD_TYPE in PAGE


def test_the_example_of_a_rule_is_one():
    (written,) = re.findall(r'`(\["Call".*?)`', PAGE)
    rule: Expr = codec.decode(Segment, {"name": "regulars", "when": eval(written)}).when  # noqa: S307 - a literal

    assert rule == REGULAR


def test_the_figures_are_those_of_the_code():
    assert (SIZE_MAX_BYTES, CLOCK_SKEW.total_seconds(), codec.DEPTH_MAX) == (64 * 2**20, 300, 256)
    assert "more than 64 MiB" in PAGE
    assert "more than 5 minutes" in PAGE
    assert "more than 256 deep" in PAGE
    with pytest.raises(BundleError, match="1 to 16"):
        envelope.seal(b"", [])
