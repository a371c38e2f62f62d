"""The samples of docs/postgresql.md, with a server of the tests' in the place of theirs."""

import doctest
import subprocess
import sys

import pytest
from tests.docs.conftest import PAGES, samples, shop

PAGE = "docs/postgresql.md"
CRM = (
    "CREATE SCHEMA crm",
    "SET search_path = crm",
    "CREATE TABLE person (crm_id text, visits int, tier text, seen_at timestamptz)",
    "CREATE TABLE opt_in (crm_id text, list text, answer text, way text, said_at timestamptz)",
    "INSERT INTO person VALUES ('ada', 7, 'gold', now())",
    "INSERT INTO opt_in VALUES ('ada', 'NL', 'Y', 'web form', now())",
)

__all__ = ["shop"]


@pytest.fixture
def crm(postgresql):
    postgresql.run(*CRM)
    yield
    postgresql.run("SET client_min_messages = warning", "DROP SCHEMA crm CASCADE")


@pytest.mark.usefixtures("shop", "crm")
def test_the_python_runs(postgresql, tmp_path):
    opening, following, mapping = samples(PAGE, "python")
    names = {}
    exec(opening.text.replace("postgresql://edge@db:5432/shop", postgresql.url(tmp_path)), names)  # noqa: S102 - the page's own samples
    names["edge"].close()
    exec(following.text.replace("postgresql://edge@db:5432/shop", postgresql.url(tmp_path)), names)  # noqa: S102 - the same
    names["kiosk"].close()
    exec(mapping.text.replace("postgresql://reader@crm:5432/crm?", f"{postgresql.uri}&schema=crm&"), names)  # noqa: S102 - the same
    with names["edge"] as edge:
        edge.warm("ada", deadline_s=10)
    assert names["profiles"].profile("ada").attributes["visits"].value == 7
    assert [one.purpose for one in names["consents"].consents("ada").records] == ["offers"]
    for name in ("people", "answers"):
        names[name].close()


def test_what_is_to_be_run_is_printed():
    (sample,) = samples(PAGE, "console")
    command, _, rest = sample.text.removeprefix("$ ").partition("|")
    assert rest.split()[0] == "psql"
    printed = subprocess.run([sys.executable, *command.split()[1:]], capture_output=True, text=True, check=True).stdout
    assert printed.startswith("BEGIN;\nCREATE SCHEMA")
    assert printed.endswith("COMMIT;\n")


def test_the_rest_is_as_it_says():
    found = doctest.testfile(str(PAGES[PAGE]), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert not found.failed
