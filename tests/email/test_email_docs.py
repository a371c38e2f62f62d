"""The examples of docs/email.md are true, and so is the one in examples/."""

import ast
import doctest
import importlib.util
import mailbox
import re

import attrs
import pytest

from tactful_adapters.email import Report
from tactful_adapters.email.transport import Outcome

from .conftest import EXAMPLE

PAGE = EXAMPLE.parents[1] / "docs" / "email.md"


def test_the_examples_are_true():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 25


def test_the_view_is_where_the_page_says():
    pytest.importorskip("django")
    (sample,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (named,) = (node for node in ast.walk(ast.parse(sample)) if isinstance(node, ast.Attribute) and node.attr == "view")
    module, _, name = ast.unparse(named).rpartition(".")
    assert importlib.util.find_spec(module) is not None
    assert name == "view"


def test_it_tells_everything_that_a_report_counts():
    told = PAGE.read_text(encoding="utf-8")
    assert all(f"`{field.name}`" in told for field in attrs.fields(Report) if field.name != "recipients")
    assert len(Outcome) == 4


def test_the_example_sends_to_who_agreed_and_shows_pages(tmp_path):
    spec = importlib.util.spec_from_file_location("letters_example", EXAMPLE / "campaign.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    report = example.send(tmp_path)
    assert (report.recipients, report.sent, report.nothing) == (4, 3, 1)
    subjects = {mail["To"]: mail["Subject"] for mail in mailbox.Maildir(tmp_path / "maildir")}
    assert subjects["ann@post.example"] == "Ann, 12 rolls are free for you"
    assert "eve@post.example" not in subjects
    pages = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert pages.count("<iframe") == 4
    assert "data:image/png;base64," in (tmp_path / "pages" / "001.html").read_text(encoding="utf-8")
