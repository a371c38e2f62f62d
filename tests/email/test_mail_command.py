"""`tactful mail` looks, sends, goes on, and tells what it cannot use."""

import json
import shutil
import tomllib
from importlib.metadata import EntryPoint

import pytest
from typer.testing import CliRunner

import tactful
from tactful.cli import mailing
from tactful.cli.app import app

from .conftest import EXAMPLE, ROWS

POINT = "tactful_adapters.email.command"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The camera shop in a folder, and customers who agreed in its store."""
    monkeypatch.setattr(mailing, "entry_points", lambda group: (EntryPoint("email", POINT, group),))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    lines = (json.dumps(row, ensure_ascii=False) for row in ROWS)
    (tmp_path / "recipients.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with tactful.open("policy", store="sqlite:///edge.db") as edge:
        for row in ROWS[:2]:
            edge.opt_in(row["customer"], "letters")
    return tmp_path


def mail(*more, campaign="campaign.toml", recipients="recipients.jsonl"):
    given = ("mail", "policy", campaign, recipients, "--store", "sqlite:///edge.db", *more)
    return CliRunner().invoke(app, given, env={"COLUMNS": "60"})


def test_a_campaign_is_looked_at_sent_and_not_sent_twice(shop):
    looked = json.loads(mail("--dry-run", "pages", "--json").output)
    assert (looked["mails"], looked["without"]) == (2, 1)
    assert "Ann, 12 rolls" in (shop / "pages" / "001.html").read_text(encoding="utf-8")
    assert not (shop / "campaign.journal").exists()
    sent = json.loads(mail("--to", "maildir:out", "--json").output)
    assert (sent["recipients"], sent["sent"], sent["nothing"]) == (3, 2, 1)
    again = mail("--to", "maildir:out")
    assert again.exit_code == 0
    assert "already" in again.output
    assert len(list((shop / "out" / "new").iterdir())) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"more": ()}, "give --to or --dry-run"),
        ({"more": ("--to", "fax:1")}, "--to: write maildir:FOLDER"),
        ({"more": ("--to", "smtp://me:secret@host")}, "TACTFUL_SMTP_PASSWORD"),
        ({"more": ("--to", "smtp://host:port")}, "--to: write maildir:FOLDER"),
        ({"more": ("--to", "maildir:out"), "campaign": "none.toml"}, "none.toml: No such file"),
        ({"more": ("--to", "maildir:out"), "campaign": "recipients.csv"}, "no TOML"),
        ({"more": ("--to", "maildir:out"), "recipients": "campaign.py"}, "recipients stand in a file of"),
        ({"more": ("--to", "maildir:out"), "recipients": "none.parquet"}, "it cannot be read"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_sent(shop, changes, told):
    given = dict(changes)
    ended = mail(*given.pop("more"), **given)
    assert ended.exit_code == 2
    assert told in " ".join(ended.output.split())
    assert "secret" not in ended.output
    assert not (shop / "out" / "new").exists() or not list((shop / "out" / "new").iterdir())


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('purpose = "letters"', "", "'purpose' is missing"),
        ("sender =", "sendr =", "did you mean 'sender'"),
        ('templates = "templates"', "templates = 7", "'templates' is no str"),
        ('purpose = "letters"', 'purpose = "leters"', "did you mean 'letters'"),
    ],
)
def test_a_campaign_that_cannot_be_meant_is_told(shop, right, wrong, told):
    path = shop / "campaign.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(right, wrong), encoding="utf-8")
    ended = mail("--dry-run", "pages")
    assert ended.exit_code == 2
    assert told in " ".join(ended.output.split())


def test_the_adapter_is_where_the_command_looks(shop):
    project = tomllib.loads((EXAMPLE.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"][mailing._GROUP] == {"email": POINT}
