"""A served policy is taken anew when its bundle or folder changes; what is refused leaves the last good one."""

import itertools
import time

import pytest

import tactful
from tactful.serve import renewing as module
from tactful.serve.renewing import renewing, state_of

from .conftest import SHOP

NEWER = SHOP.replace("Olives & bread", "Figs & bread")
DELI = {"page": "deli"}


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(module, "LOOK_S", 0.05)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "policy.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path


@pytest.fixture
def edge(folder):
    before = state_of(folder)
    with tactful.open(folder) as opened, renewing(opened, folder, before):
        yield opened


def comes(condition):
    """Return whether something comes true, within what a busy machine takes."""
    for _ in range(400):
        if condition():
            return True
        time.sleep(0.05)
    return False


def shown(edge):
    return [pick.content["title"] for pick in edge.decide("home", context=DELI, preview=True).picks]


def test_a_folder_that_changes_is_taken(edge, folder):
    assert "Olives &amp; bread" in shown(edge)
    (folder / "policy.yaml").write_text(NEWER, encoding="utf-8")
    assert comes(lambda: "Figs &amp; bread" in shown(edge))


def test_what_is_refused_or_gone_leaves_the_last_good_one(edge, folder, caplog):
    before = edge.plan
    (folder / "policy.yaml").write_text("offers: canary", encoding="utf-8")
    assert comes(lambda: edge.status()["last_refused"])
    (folder / "policy.yaml").unlink()
    time.sleep(0.2)  # a few looks at nothing
    assert edge.plan is before
    assert "canary" not in caplog.text
    (folder / "policy.yaml").write_text(NEWER, encoding="utf-8")
    assert comes(lambda: "Figs &amp; bread" in shown(edge))
    assert edge.status()["last_refused"] == ""


def test_what_else_lies_in_the_folder_changes_nothing(folder):
    before = state_of(folder)
    assert before
    (folder / "edge.db").write_bytes(b"x")
    assert state_of(folder) == before
    (folder / "more.csv").write_text("id", encoding="utf-8")
    assert state_of(folder) != before
    assert state_of(folder / "nowhere") == ()


def test_what_still_changes_is_not_taken(edge, folder, monkeypatch):
    """Files come one after the other: a policy whose caps are not here yet must not decide."""
    states = itertools.count()
    monkeypatch.setattr(module, "state_of", lambda _: (("policy.yaml", next(states), 0, 0),))
    before = edge.plan
    (folder / "policy.yaml").write_text(NEWER, encoding="utf-8")
    assert comes(lambda: next(states) > 20)
    assert edge.plan is before
    monkeypatch.setattr(module, "state_of", state_of)
    assert comes(lambda: "Figs &amp; bread" in shown(edge))
