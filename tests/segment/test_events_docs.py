"""The samples of docs/events.md, in their order: a policy, an endpoint, a client, and an event without HTTP."""

import re
import subprocess
import sys
from pathlib import Path

import tactful
from tactful import Fate

from .conftest import SHOP, served

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")


def samples(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_samples_of_the_page_run(tmp_path, monkeypatch):
    (events,), (endpoint, client, without) = samples("yaml"), samples("python")
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "shop.yaml").write_text(SHOP, encoding="utf-8")
    (tmp_path / "policy" / "events.yaml").write_text(events, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTS_KEY", "secret")
    names: dict[str, object] = {}
    exec(endpoint, names)  # noqa: S102 - the page's own sample
    edge, app = names["edge"], names["app"]
    assert isinstance(edge, tactful.Edge)
    with edge, served(app) as address:
        told = f"KEY, ADDRESS = 'secret', {address!r}\n{client}"
        subprocess.run([sys.executable, "-c", told], check=True, timeout=60)
        assert edge.decide("home", "ann", preview=True).explain()
        found = edge._store.profile("ann")
        assert found is not None
        assert {name: one.value for name, one in found.attributes.items()} == {"shoe_size": 43}
        assert "purchase" in {one.event for one in edge._store.contacts("ann", 0)}
        exec(without, names)  # noqa: S102 - the page's own sample
        assert names["fates"] == {Fate.KEPT: 1}


def test_every_word_for_what_becomes_of_an_event_is_on_the_page():
    page = " ".join(PAGE.split())
    assert [fate.value for fate in Fate if fate.value not in page] == []
