"""The samples of docs/openfeature.md: those in pycon run as doctests, and here is the server."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "openfeature.md").read_text(encoding="utf-8")


def test_the_server_of_openfeature_md_answers(tmp_path, monkeypatch):
    pytest.importorskip("starlette", reason="needs the extra ofrep")
    from starlette.applications import Starlette  # noqa: PLC0415 - after the check that it is there

    (tmp_path / "policy").mkdir()
    policy = "channels: {web: private}\nplacements: {home: web}\ntopics: {food: {}}\npurposes: {offers: consent}\n"
    policy += "offers: {olives: {intent: sell, topic: food, treatments: Olives}}\n"
    (tmp_path / "policy" / "policy.yaml").write_text(policy, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (served,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    made = {}

    exec(compile(served, "openfeature.md", "exec"), made)  # noqa: S102 - a sample of the page

    assert isinstance(made["app"], Starlette)
    assert made["edge"].decide("home").content == {"title": "Olives"}
    made["edge"].close()
