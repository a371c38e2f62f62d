"""A device key comes from anywhere but from beside the pack, and no message holds it."""

import base64
import shlex
import sys

import pytest

from tactful import PackError
from tactful.kiosk.device_key import device_key_of, make_device_key

TEXT = make_device_key()
KEY = base64.b64decode(TEXT)


@pytest.fixture
def pack(tmp_path):
    (tmp_path / "packs").mkdir()
    path = tmp_path / "packs" / "store.pack"
    path.write_bytes(b"a pack")
    return path


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "keys"
    path.write_text(TEXT + "\n", encoding="ascii")
    return path


def test_it_comes_from_a_file_a_variable_or_a_command(pack, key_file, monkeypatch):
    monkeypatch.setenv("KIOSK_KEY", TEXT)
    command = shlex.join([sys.executable, "-c", f"print({TEXT!r})"])
    sources = [KEY, key_file, f"file:{key_file}", "env:KIOSK_KEY", f"command:{command}"]
    assert [device_key_of(one, beside=pack) for one in sources] == [KEY] * len(sources)


def test_it_comes_from_the_systems_keyring(pack, tmp_path, monkeypatch):
    program = tmp_path / "keyring"
    program.write_text(f'#!/bin/sh\n[ "$1 $2 $3" = "get tactful k1" ] && echo {TEXT}\n', encoding="ascii")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert device_key_of("keyring:tactful/k1", beside=pack) == KEY
    with pytest.raises(PackError, match="the command did not give one"):
        device_key_of("keyring:tactful/k2", beside=pack)


def test_it_comes_from_an_object_that_reads_it(pack):
    class Chip:
        def read(self):
            return KEY

    class Broken:
        def read(self):
            raise RuntimeError(TEXT)

    assert device_key_of(Chip(), beside=pack) == KEY
    with pytest.raises(PackError, match="RuntimeError") as refused:
        device_key_of(Broken(), beside=pack)
    assert TEXT not in str(refused.value)


@pytest.mark.parametrize("where", [".", "below/deeper"])
def test_a_file_beside_the_pack_or_below_it_is_refused(pack, where):
    folder = pack.parent / where
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key").write_text(TEXT, encoding="ascii")
    for source in (folder / "key", f"file:{folder / 'key'}"):
        with pytest.raises(PackError) as refused:
            device_key_of(source, beside=pack)
        assert refused.value.code == "pack-key-beside"


def test_a_link_that_leads_beside_the_pack_is_refused(pack, tmp_path):
    (pack.parent / "key").write_text(TEXT, encoding="ascii")
    (tmp_path / "elsewhere").symlink_to(pack.parent / "key")
    with pytest.raises(PackError) as refused:
        device_key_of(tmp_path / "elsewhere", beside=pack)
    assert refused.value.code == "pack-key-beside"


@pytest.mark.parametrize(
    "source",
    [b"short", "env:NO_SUCH_VARIABLE", "file:/no/such/file", "command:", "command:/no/such/program", "TEXT", "", "x:y"],
)
def test_what_is_no_key_is_refused_with_the_way_out(pack, source):
    with pytest.raises(PackError) as refused:
        device_key_of(source, beside=pack)
    assert refused.value.code == "pack-key"
    assert str(refused.value).startswith("the device key: ")


def test_what_a_command_or_a_file_holds_is_in_no_message(pack, key_file):
    key_file.write_text("c2VjcmV0", encoding="ascii")
    failing = shlex.join([sys.executable, "-c", "print('c2VjcmV0'); raise SystemExit(1)"])
    for source in (key_file, f"command:{failing}"):
        with pytest.raises(PackError) as refused:
            device_key_of(source, beside=pack)
        assert "c2VjcmV0" not in str(refused.value)


def test_what_holds_no_key_is_named(pack, key_file, monkeypatch):
    monkeypatch.setenv("K1_KEY", "c2VjcmV0")
    key_file.write_text("c2VjcmV0", encoding="ascii")
    named = {
        "env:K1_KEY": "env:K1_KEY holds",
        f"file:{key_file}": f"file:{key_file} holds",
        key_file: f"{key_file} holds",
        "command:echo c2VjcmV0": "the command prints",
    }
    for source, told in named.items():
        with pytest.raises(PackError) as refused:
            device_key_of(source, beside=pack)
        assert str(refused.value) == f"the device key: what {told} is not the base64 text of 32 bytes"
