"""What docs/sync.md says is so: its samples run, and its tables have every option, method and key."""

import ast
import doctest
import inspect
import re

import attrs
from tests.docs.conftest import PAGES, samples

import tactful
from tactful import MemoryCentre, SyncOptions
from tactful.centre_ports import Centre
from tactful.testing.centres import CentreConformance

PAGE = "docs/sync.md"


def rows(heading):
    """The words in code of the first column of the table below a heading."""
    part = PAGES[PAGE].read_text(encoding="utf-8").partition(f"## {heading}")[2].partition("\n## ")[0]
    return [re.findall(r"`([^`]+)`", line.split("|")[1]) for line in part.splitlines() if line.startswith("| `")]


def test_the_session_of_the_page_runs(policy):
    (told,) = samples(PAGE, "pycon")
    test = doctest.DocTestParser().get_doctest(told.text, {"SHOP": policy}, PAGE, PAGE, 0)
    assert len(test.examples) >= 9
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_an_edge_is_opened_as_the_page_says(policy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened, _ = samples(PAGE, "python")
    text = opened.text.replace('"policy/"', "POLICY").replace('"postgresql://…"', "CENTRE")
    assert text.count("POLICY") == text.count("CENTRE") == 1
    names = {"tactful": tactful, "POLICY": policy, "CENTRE": MemoryCentre()}
    exec(text, names)  # noqa: S102 - the page's own sample
    names["edge"].close()
    assert (tmp_path / "edge.db").exists()


def test_the_kit_of_the_page_holds_a_centre(tmp_path):
    _, kit = samples(PAGE, "python")
    names = {"MyCentre": lambda _: MemoryCentre()}
    ast.parse(kit.text)
    exec(kit.text.rpartition("    def tell")[0], names)  # noqa: S102 - the page's own sample
    mine = names["TestMyCentre"]()
    assert isinstance(mine, CentreConformance)
    mine.test_a_yes_is_in_the_line_as_it_was_given(tmp_path)


def test_every_option_is_on_the_page_with_its_default():
    text = PAGES[PAGE].read_text(encoding="utf-8")
    defaults = {field.name: field.default for field in attrs.fields(SyncOptions)}
    told = dict(re.findall(r"^\| `(\w+)` \|[^|]+\| ([\w.]+) \|$", text, re.MULTILINE))
    words = {True: "yes", "": "empty"}
    assert {name: words[value] if value in ("", True) else str(int(value)) for name, value in defaults.items()} == told


def test_every_method_of_the_port_is_on_the_page():
    told = [name.partition("(")[0] for (name,) in rows("A centre of your own")]
    methods = {name for name, _ in inspect.getmembers(Centre, inspect.isfunction) if not name.startswith("_")}
    assert set(told) == methods


def test_every_key_of_the_status_is_on_the_page(open_edge):
    status = open_edge().status()["centre"]
    told = {name for names in rows("See how it is") for name in names}
    shared = {
        "last_contact_age_s",
        "last_error",
        "errors",
        "says",
        "failing_s",
        "under_way_s",
        "hints_say",
        "hints_failing_s",
    }
    for part, known in status.items():
        keys = [part] if not isinstance(known, dict) else [f"{part}.{key}" for key in known if key not in shared]
        assert set(keys) <= told, keys
    assert {f"….{key}" for key in shared} <= told
