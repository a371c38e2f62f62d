"""Who may ask: names and digests in a file, tokens nowhere but with their devices; and the commands for it."""

import json
import threading

import pytest
from typer.testing import CliRunner

from tactful import CentreError, MemoryCentre, UsageError
from tactful.cli.app import app
from tactful.relay import devices as module
from tactful.relay.devices import Device, DevicesFile, add_device, remove_device


@pytest.fixture
def file(tmp_path):
    return tmp_path / "devices.json"


@pytest.fixture
def run():
    def run_(*arguments):
        found = CliRunner().invoke(app, [str(one) for one in arguments])
        return found.exit_code, found.output

    return run_


def test_a_device_has_a_token_of_which_a_digest_is_kept(file):
    token = add_device(file, "kiosk-1")
    assert DevicesFile(file).device_of(token) == Device("kiosk-1")
    assert DevicesFile(file).device_of("another") is None
    assert token not in file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0


def test_a_new_token_takes_the_place_of_the_old_one(file):
    old, new = add_device(file, "kiosk-1"), add_device(file, "kiosk-1")
    found = DevicesFile(file)
    assert (found.device_of(old), found.device_of(new)) == (None, Device("kiosk-1"))


def test_who_is_removed_or_added_is_known_without_a_restart(file, monkeypatch):
    monkeypatch.setattr(module, "_LOOK_S", 0.0)
    token = add_device(file, "kiosk-1")
    found = DevicesFile(file)
    other = add_device(file, "kiosk-2")
    assert found.device_of(other) == Device("kiosk-2")
    remove_device(file, "kiosk-1")
    assert found.device_of(token) is None
    file.write_text("{", encoding="utf-8")
    assert found.device_of(other) == Device("kiosk-2")  # what was read last counts


def test_several_who_add_at_once_lose_none(file):
    tokens = {}
    names = [f"kiosk-{number}" for number in range(12)]
    threads = [threading.Thread(target=lambda n=name: tokens.update({n: add_device(file, n)})) for name in names]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found = DevicesFile(file)
    assert {found.device_of(token).id for token in tokens.values()} == set(names)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"devices": 1}',
        '{"devices": [{}]}',
        '{"devices": [{"id": 1, "token_sha256": ""}]}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_none_is_told_at_once(file, text):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"devices\.json: "):
        DevicesFile(file)


def test_the_command_lets_in_and_out(file, tmp_path, run):
    out = tmp_path / "kiosk-1.token"
    assert run("device", "kiosk-1", "--devices", file, "--out", out) == (
        0,
        f"kiosk-1 may ask, with the token in {out}\n",
    )
    token = out.read_text(encoding="utf-8").strip()
    assert out.stat().st_mode & 0o077 == 0
    assert DevicesFile(file).device_of(token) == Device("kiosk-1")
    code, told = run("device", "kiosk-1", "--devices", file, "--remove", "--json")
    assert (code, json.loads(told)["device"]) == (0, "kiosk-1")
    assert DevicesFile(file).device_of(token) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("kiosk-1",), "--out"),
        (("kiosk-1", "--remove"), "no device has that name"),
        (("", "--out", "token"), "a device has a name"),
        (("kiosk-1", "--out", "nowhere/token"), "nowhere/token"),
    ],
)
def test_what_cannot_be_meant_is_told(file, run, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    code, told = run("device", *arguments, "--devices", file)
    assert code == 2
    assert said in told
    assert not file.exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"centre": "nothing://x"}, "no centre is named 'nothing'"),
        ({"--key": "none.private"}, "none.private"),
        ({"--devices": "none.json"}, "none.json"),
        ({"--listen": "8787"}, "--listen is a host and a port"),
        ({"--listen": "host:99999"}, "--listen is a host and a port"),
    ],
)
def test_a_relay_that_cannot_be_meant_is_told_at_once(file, run, tmp_path, monkeypatch, changed, said):
    monkeypatch.chdir(tmp_path)
    add_device(file, "kiosk-1")
    (tmp_path / "relay.private").write_text("A" * 43 + "=", encoding="utf-8")
    given = {"centre": "sqlite:///x.db", "--key": "relay.private", "--devices": str(file)} | changed
    centre = given.pop("centre")
    code, told = run("relay", centre, *(part for pair in given.items() for part in pair))
    assert code == 2
    assert said in told


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tenant": None}, "it needs tenant="),
        ({"key": None}, "it needs key="),
        ({"token": None}, "it needs token="),
        ({"key": "none"}, "key=: none"),
        ({"token": "none"}, "token=: none"),
        ({"ca": "none"}, "ca=: none"),
        ({"colour": "red"}, "there is no 'colour'"),
    ],
)
def test_a_url_that_cannot_be_meant_is_told_and_holds_no_token(serve, opened, changed, said):
    served = serve(MemoryCentre())
    with pytest.raises(CentreError) as caught:
        opened(served.url(**changed))
    assert said in str(caught.value)
    assert caught.value.code == "centre-url"
    assert served.token not in str(caught.value)


def test_plain_http_goes_no_further_than_this_machine(serve, opened):
    url = serve(MemoryCentre()).url()
    away = url.replace("127.0.0.1", "relay.example")
    with pytest.raises(CentreError, match="http is for this machine alone"):
        opened(away)
    opened(away + "&plain=yes")  # whoever says so, knows
    with pytest.raises(CentreError, match="names a host, and neither a user"):
        opened(url.replace("127.0.0.1", "ada:secret@127.0.0.1"))
    with pytest.raises(CentreError, match="holds no certificates"):
        opened(url + "&ca=" + url.split("token=")[1].split("&", maxsplit=1)[0].replace("%2F", "/"))
