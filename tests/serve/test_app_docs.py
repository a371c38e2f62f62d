"""What docs/app.md says is so: its samples run against a server of its own policy."""

import json
import re
import shlex
import shutil
import subprocess
import threading
import time

import pytest
from tests.docs.conftest import PAGES, samples
from typer.main import get_command

import tactful
from tactful.authoring import compile_files
from tactful.cli.app import app
from tactful.events import OUTCOMES
from tactful.governance.figures import OFFENCES
from tactful.serve.asking import _DECIDE, _OPT_OUT, _RECORD
from tactful.serve.serving import guard_of, server
from tactful_plugins import comfort, overcrowding

PAGE = "docs/app.md"
TEXT = PAGES[PAGE].read_text(encoding="utf-8")


@pytest.fixture(params=["known"])
def address(request, tmp_path, monkeypatch):
    """A server of the page's policy, over a store that knows Ann by the page's own sample, or nobody."""
    monkeypatch.chdir(tmp_path)
    if request.param == "known":
        (sample,) = [one for one in samples(PAGE, "python") if "put_profile" in one.text]
        exec(sample.text, {})  # noqa: S102 - the page's own sample
    policy = compile_files({"policy.yaml": samples(PAGE, "yaml")[0].text.encode()})
    with tactful.open(policy, store="sqlite:///edge.db") as edge:
        served = server(edge, guard_of("127.0.0.1"), port=0)
        thread = threading.Thread(target=served.run, daemon=True)
        thread.start()
        while not served.started:
            assert thread.is_alive()
            time.sleep(0.005)
        yield f"http://127.0.0.1:{served.servers[0].sockets[0].getsockname()[1]}"
        served.should_exit = True
        thread.join(10)


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_the_sample_for_node_shows_content_and_reason(address, tmp_path):
    (sample,) = samples(PAGE, "js")
    (tmp_path / "app.mjs").write_text(sample.text.replace("http://127.0.0.1:8788", address), encoding="utf-8")
    ended = subprocess.run(
        [shutil.which("node"), tmp_path / "app.mjs"], capture_output=True, text=True, timeout=60, check=True
    )
    first, second, why = ended.stdout.splitlines()
    assert (first, second) == ("Boots for Ann", "Welcome")
    assert "of your shoe size" in why


def test_the_sample_for_python_decides_and_opts_out_and_an_agent_is_told_as_the_page_says(address):
    (sample,) = [one for one in samples(PAGE, "python") if "urllib" in one.text]
    names = {}
    call = {"placements": "phone.call", "who": "ann", "for_agent": True}
    asking, _, rest = sample.text.replace("http://127.0.0.1:8788", address).partition("\n\ndecided")
    exec(asking, names)  # noqa: S102 - the page's own sample
    assert names["ask"]("/v1/decide", call)["agent"] == json.loads(samples(PAGE, "json")[0].text)
    exec(f"decided{rest}", names)  # noqa: S102 - the page's own sample
    assert names["decided"]["placements"]["app.home"][0] == {"title": "Boots for Ann"}
    assert names["ask"]("/v1/decide", call)["picks"] == []


@pytest.mark.parametrize("address", ["nobody"], indirect=True)
def test_without_the_sample_that_makes_ann_known_she_is_shown_welcome_twice(address):
    (sample,) = [one for one in samples(PAGE, "python") if "urllib" in one.text]
    names = {}
    exec(sample.text.replace("http://127.0.0.1:8788", address), names)  # noqa: S102 - the page's own sample
    assert names["decided"]["placements"]["app.home"] == [{"title": "Welcome"}] * 2


def test_the_pages_name_every_outcome_that_the_library_or_a_guardrail_knows():
    said = {name for name, _ in comfort.WEIGHTS + comfort.ANSWERS}
    known = {*said, *overcrowding._OFFENCES, *OFFENCES, *OUTCOMES, "purchase"}
    table = TEXT.partition("| event | what it changes |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [word for row in rows for word in re.findall("`(.+?)`", row)]
    assert sorted(named) == sorted(known)
    start = PAGES["docs/start-developer.md"].read_text(encoding="utf-8")
    told = start.partition("The outcomes that tactful itself knows are ")[2].partition("(")[0]
    assert set(re.findall("`(.+?)`", told)) == known - OUTCOMES


def test_the_commands_of_the_page_are_there():
    commands = [line for line in samples(PAGE, "sh")[0].text.splitlines() if line.startswith("tactful ")]
    commands += ["tactful serve policy --listen 0.0.0.0:8788 --devices devices.json --tls shop.pem shop.key"]
    assert commands[-1] in " ".join(TEXT.split())
    for line in commands:
        _, name, *words = shlex.split(line)
        get_command(app).commands[name].make_context(name, words)


def test_every_field_is_on_the_page():
    for field in (*_DECIDE, *_RECORD, *_OPT_OUT):
        assert f"`{field}`" in TEXT
