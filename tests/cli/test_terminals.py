"""Colours on terminals only; narrow screens, poor encodings, closed pipes, no network and nothing to write on."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

READING = [
    ["--help"],
    ["check", "shop"],
    ["test", "shop"],
    ["decide", "shop", "home.hero", "--persona", "ann"],
    ["explain", "shop", "home.hero", "--persona", "bob"],
    ["policy", "shop"],
    ["diff", "shop", "shop"],
    ["status", "shop"],
    ["plugins"],
]
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("arguments", [*READING, ["check", "nowhere"], ["decide", "shop", "nowhere"]], ids=" ".join)
@pytest.mark.usefixtures("shop")
def test_no_colours_where_no_terminal_is(start, arguments):
    ended = start(*arguments, TERM="xterm-256color")
    assert "\x1b" not in ended.out + ended.err


def on_a_terminal(arguments, **environment):
    """What a command prints on a terminal."""
    ours, theirs = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("sdk", "plugins", "adapters"))
    with subprocess.Popen(
        [sys.executable, "-c", "from tactful.cli import main; main()", *arguments],
        env={**kept, "PYTHONPATH": paths, "TERM": "xterm-256color", **environment},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        printed = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:  # the other side has closed
                break
            if not more:
                break
            printed += more
    os.close(ours)
    assert process.returncode in (0, 1, 2)
    return printed.decode()


@pytest.mark.usefixtures("shop")
def test_colours_where_a_terminal_is_unless_somebody_wants_none():
    assert "\x1b[32m" in on_a_terminal(["check", "shop"])
    assert "\x1b[31m" in on_a_terminal(["check", "nowhere"])
    assert "\x1b[3" not in on_a_terminal(["check", "shop"], NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(["check", "shop", "--json"])


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.usefixtures("shop")
def test_tables_fit_a_narrow_screen_and_lose_nothing(start, columns):
    wide = start("decide", "shop", "newsletter", "--persona", "ann", COLUMNS="200")
    ended = start("decide", "shop", "newsletter", "--persona", "ann", COLUMNS=str(columns))
    why = wide.out.partition("\n\n")[2]
    assert ended.out.endswith(why)
    table = ended.out.removesuffix(why)
    assert max(map(len, table.splitlines())) <= columns
    assert set(wide.out.removesuffix(why).split()) <= set(table.replace(":", " ").split())


@pytest.mark.usefixtures("shop")
def test_a_terminal_without_our_characters_gets_something_else(start):
    ended = start("test", "shop", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (ended.code, ended.err) == (0, "")
    assert "? a regular is welcome" in ended.out
    twin = start("test", "shop", "--json", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert len(twin.json["tests"]) == 4


@pytest.mark.usefixtures("shop")
def test_a_reader_who_leaves_early_is_no_error(start):
    close = "import os; r, w = os.pipe(); os.close(r); os.dup2(w, 1)"
    ended = start("policy", "shop", before=close)
    assert "Error" not in ended.err


FORBIDDEN = """
import os, sys

def watch(event, arguments):
    if event.startswith(("socket.connect", "socket.getaddrinfo", "subprocess.", "os.system")):
        raise PermissionError(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        raise PermissionError(f"{event} {arguments[0]!r}")
    if event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.link", "os.symlink"):
        raise PermissionError(event)

sys.addaudithook(watch)
"""


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
@pytest.mark.usefixtures("shop")
def test_reading_commands_need_no_network_and_write_nothing(start, arguments):
    plain, watched = start(*arguments), start(*arguments, before=FORBIDDEN)
    assert (watched.code, watched.out, watched.err) == (plain.code, plain.out, plain.err)
    assert watched.code == 0


def test_the_watch_sees_what_it_looks_for(start, tmp_path):
    ended = start("init", tmp_path / "shop", before=FORBIDDEN)
    assert ended.code == 2
    assert "nothing was written" in ended.err
