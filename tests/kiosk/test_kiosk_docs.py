"""What docs/kiosk.md says is so: its session runs, and what it names is there."""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.conftest import PAGES, samples
from tests.kiosk.conftest import SHOP, yes
from typer.testing import CliRunner

from tactful import Consents, MemoryCentre, Observation, Snapshot, Source, wall_clock
from tactful.authoring import compile_files
from tactful.cli.app import app
from tactful.kiosk.device_key import device_key_of
from tactful_adapters.sqlite import SQLiteStore

PAGE = "docs/kiosk.md"
SEGMENT = """
segments:
  regulars: {when: profile.first_name == "Ada" || profile.first_name == "Bob"}
"""


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A working folder in which the page's command can be run; its shell makes the keys that the session pins."""
    monkeypatch.chdir(tmp_path)
    making, _ = samples(PAGE, "sh")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    words = ["/bin/sh", "-ec", f'{making.text}\nprintf %s "$K1_KEY"']
    made = subprocess.run(words, env={**os.environ, "PATH": path}, check=True, capture_output=True, text=True)
    monkeypatch.setenv("K1_KEY", made.stdout)
    assert (tmp_path / "pack.private").stat().st_mode & 0o077 == 0
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "policy.yaml").write_text(SHOP + SEGMENT, encoding="utf-8")
    now_us = wall_clock()
    store = SQLiteStore("centre.db")
    for id_, card in (("ada", "4711"), ("bob", "4712")):
        seen = Observation(id_.title(), Source.OBSERVED, now_us)
        store.put_profile(Snapshot(id_, now_us, {"first_name": seen}, 1))
        store.put_consents(id_, Consents((yes(now_us),), now_us))
        store.link({"card": card}, customer=id_)
    store.close()
    return (tmp_path / "pack.public").read_text(encoding="ascii").strip()


def pack(*more):
    _, told = samples(PAGE, "sh")
    words = shlex.split(told.text.replace("\\\n", " "))
    assert words[:2] == ["tactful", "pack"]
    words[words.index("shop.bundle")] = "policy"
    ended = CliRunner().invoke(app, [*words[1:], "--epoch", "1", *more])
    assert ended.exit_code == 0, ended.output


def test_the_session_of_the_page_runs_on_what_its_command_makes(there):
    pack()

    def newer_pack(epoch=2):
        name = f"{epoch}.pack"
        pack("--epoch", str(epoch), "-o", name)
        return name

    policy = compile_files({"policy.yaml": (SHOP + SEGMENT).encode()})
    names = {"SHOP": policy, "CENTRE": MemoryCentre(), "newer_pack": newer_pack, "clear_screen": lambda: None}
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    ran = 0
    for told in samples(PAGE, "pycon"):
        names["public"] = there  # the page makes keys of its own; the pack was signed with these
        test = parser.get_doctest(told.text, names, PAGE, PAGE, 0)
        ran += len(test.examples)
        assert runner.run(test, clear_globs=False).failed == 0
        names = test.globs
    assert ran >= 26


def test_every_way_to_give_a_device_key_is_on_the_page(tmp_path):
    text = PAGES[PAGE].read_text(encoding="utf-8")
    ways = set(re.findall(r'`"(\w+):', text))
    with pytest.raises(Exception, match="give ") as refused:
        device_key_of("x:y", beside=tmp_path)
    assert ways == set(re.findall(r"(\w+):", str(refused.value).partition("give ")[2]))
