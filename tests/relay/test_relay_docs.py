"""What docs/relay.md says is so: its commands and samples run, its routes and codes are all there are."""

import re
import shlex
import subprocess
import sys

import pytest
from tests.docs.conftest import PAGES, samples
from typer.testing import CliRunner

import tactful
from tactful import MemoryCentre
from tactful import bundle as bundles
from tactful.cli.app import app
from tactful.relay.client import RelayCentre
from tactful.relay.routes import ROUTES

PAGE = "docs/relay.md"
TEXT = PAGES[PAGE].read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_keys_and_the_device_are_made_as_the_page_says(folder):
    (sample,) = samples(PAGE, "sh")
    making, device, relay = sample.text.partition("tactful device")[0], *sample.text.splitlines()[-2:]
    subprocess.run(making.replace("python ", f"{sys.executable} "), shell=True, check=True)  # noqa: S602 - the page's own
    private, public = (folder / f"relay.{one}" for one in ("private", "public"))
    assert bundles.keys.public_of(private.read_text(encoding="utf-8")) == public.read_text(encoding="utf-8").strip()
    assert CliRunner().invoke(app, shlex.split(device)[1:]).exit_code == 0
    # The server it needs is not here: it says so, and has understood the rest.
    told = CliRunner().invoke(app, shlex.split(relay.replace("edge@db:5432", "edge@127.0.0.1:1"))[1:])
    assert told.exit_code == 2
    assert "127.0.0.1" in told.output


def test_a_kiosk_opens_as_the_page_says(folder, serve, policy, monkeypatch):
    (folder / "shop.bundle").write_bytes(
        bundles.write(
            policy,
            private_key=(keys := bundles.make_keys())[0],
            tenant="shop",
            epoch=1,
            issued_us=tactful.wall_clock(),
            expires_us=tactful.wall_clock() + 10**12,
        )
    )
    served = serve(MemoryCentre(), bundle=folder / "shop.bundle")
    for name in ("relay.public", "kiosk-1.token"):
        (folder / name).write_bytes((served.where / name).read_bytes())
    opening, bundle, _ = samples(PAGE, "python")
    here = f"localhost:{served.port}"
    # The scheme is found by what is installed, which this tree may not be: the edge is given the same centre itself.
    text = opening.text.replace("localhost:8787", here).replace('"policy/"', "POLICY")
    url = re.search(r'centre=("[^"]+")', text)[1]
    names = {"tactful": tactful, "POLICY": policy, "RelayCentre": RelayCentre, "PUBLIC": keys[1]}
    exec(text.replace(url, f"RelayCentre.from_url({url})"), names)  # noqa: S102 - the page's own sample
    assert names["edge"].sync().errors == {}
    names["edge"].close()
    exec(bundle.text.replace("localhost:8787", here), names)  # noqa: S102 - the page's own sample
    assert names["kiosk"].status()["epoch"] == 1
    names["kiosk"].close()
    names["relay"].close()


def test_a_folder_is_filled_and_followed_as_the_page_says(folder, policy):
    *_, filling = samples(PAGE, "python")
    names = {"tactful": tactful, "POLICY": policy}
    text = filling.text.replace('"/srv/centre"', '"centre"').replace('"policy/"', "POLICY")
    exec(text, names)  # noqa: S102 - the page's own sample
    with names["edge"] as edge:
        assert edge.sync().errors == {}
        assert edge.status()["centre"]["consents"]["epoch"] == 1


def test_every_route_is_on_the_page():
    told = set(re.findall(r"^\| `(GET|POST) (/v1/[^`?]*)", TEXT, re.MULTILINE))
    assert told == {(method, path) for method, path, _ in ROUTES}
