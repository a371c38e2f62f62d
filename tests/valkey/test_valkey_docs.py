"""The samples of docs/valkey.md, with a server of the tests' in the place of theirs; and what its tables promise."""

import contextlib
import re
import subprocess
import sys

import pytest
from tests.docs.conftest import PAGES, samples, shop

from tactful import Consents, MemoryCentre, MemoryStore
from tactful.testing.centre_kit import withdrawal
from tactful.testing.store_kit import full_snapshot, yes
from tactful.testing.store_strict import ask
from tactful_adapters import valkey_hints, valkey_snapshots
from tactful_adapters.valkey_hints import ValkeyHints
from tactful_adapters.valkey_snapshots import ValkeySnapshots
from tactful_adapters.valkey_strict import ValkeyStrictCaps, _script

PAGE = "docs/valkey.md"
THEIRS = "valkey://cache:6379/0"

__all__ = ["shop"]


def test_the_commands_print_what_it_says(serve):
    server = serve()
    (sample,) = samples(PAGE, "console")
    command, printed = sample.text.removeprefix("$ ").replace(THEIRS, server.url()).split("\n", 1)
    done = subprocess.run([sys.executable, *command.split()[1:]], capture_output=True, text=True, check=True)
    assert done.stdout == printed


class Beside:
    """The centre that stands beside on the page: one in memory, in the place of theirs."""

    name, value = "postgresql", "there:Centre"

    def load(self):
        return self

    def from_url(self, url):
        assert url == "postgresql://edge@db:5432/shop"
        return MemoryCentre()


@pytest.mark.usefixtures("shop", "by_url")
def test_the_python_runs(server, monkeypatch):
    monkeypatch.setattr(valkey_hints, "entry_points", lambda group: [Beside()])
    with contextlib.closing(ValkeyStrictCaps(server.url())) as caps:
        caps.begin()
    names = {}
    strict, hints, snapshots = samples(PAGE, "python")
    exec(strict.text.replace(THEIRS, server.url()), names)  # noqa: S102 - the page's own samples
    names["edge"].close()
    exec(hints.text.replace(f"{THEIRS}?", server.url()), names)  # noqa: S102 - the same
    names["kiosk"].close()
    exec(snapshots.text.replace(f"{THEIRS}?", server.url()), names)  # noqa: S102 - the same
    names["crm"].put_profile(full_snapshot("ada"))
    assert names["edge"].warm("ada", deadline_s=10)
    names["edge"].close()
    names["own"].close()


def rights(after):
    """Return the rights that the page lists behind some words."""
    text = PAGES[PAGE].read_text(encoding="utf-8")
    return re.findall(r"\+[a-z]+", text[text.index(after) :].partition("A user needs")[2].partition(". ")[0])


def as_user(server, listed):
    server.run("ACL", "SETUSER", "edge", "reset", "on", ">word", "~{tactful}:*", *listed)
    return server.url().replace("unix://", "unix://edge:word@")


def test_the_rights_that_it_lists_for_hints_are_enough(server):
    with contextlib.closing(ValkeyHints(as_user(server, rights("## Have edges woken up")), MemoryCentre())) as hints:
        hints.deliver([withdrawal("1", "ada", 5, "offers")])
        assert hints.wait("consents", 0, 10)


def test_the_rights_that_it_lists_for_snapshots_are_enough(server):
    listed, crm = rights("## Share profiles and consents"), MemoryStore()
    called = {f"+{name.lower()}" for name in re.findall(r"call\('(\w+)'", valkey_snapshots._script())}
    assert set(listed) == {*called, "+eval", "+get", "+set", "+del"}
    crm.put_profile(full_snapshot("ada"))
    crm.put_consents("ada", Consents((yes(1),), 1))
    shared = ValkeySnapshots(as_user(server, listed), own=MemoryStore(), profiles=crm, consents=crm)
    with contextlib.closing(shared):
        assert shared.consents("ada")
        assert shared.profile("ada")
        assert shared.forget_shared("ada") == 2


def test_the_rights_that_it_lists_are_enough(server):
    listed = rights("# Valkey and Redis")
    called = {f"+{name.lower()}" for name in re.findall(r"call\('(\w+)'", _script())}
    assert set(listed) == {*called, "+info", "+eval", "+waitaof"}
    with contextlib.closing(ValkeyStrictCaps(as_user(server, listed))) as caps:
        caps.begin()
        (units,) = caps.reserve([ask(count=2, wanted=2)])
        assert (caps.confirm(units[:1]), caps.release(units)) == (1, 1)
