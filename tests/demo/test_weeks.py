"""Some weeks of the grocer's life come out the same by the policy of then, and otherwise without a guardrail."""

import json

from typer.testing import CliRunner

from grocery.weeks import live
from tactful.cli.app import app


def replay(folder, bundle):
    words = ["replay", folder / bundle, "--store", f"sqlite:///{folder / 'edge.db'}", "--reason", "a test", "--json"]
    ended = CliRunner().invoke(app, [str(word) for word in (*words, "--evidence-key", folder / "evidence.key")])
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def test_a_week_of_some_households_is_decided_again(tmp_path):
    decided = live(tmp_path, 1, 12)
    assert decided > 20
    same = replay(tmp_path, "grocer.bundle")
    assert (same["repeated"], same["different"], same["without_evidence"]) == (decided, 0, 0)
    other = replay(tmp_path, "without-overcrowding.bundle")
    assert other["decided_again"] == decided
    assert 0 < other["changed"] <= decided
    assert set(other["channels"]) == {"email", "kiosk", "web"}
