"""What every store must hold, as tests for the author of one: subclass, say how to make it, run pytest. It makes none.

class TestMyStore(StoreConformance):
    persistent = True

    def make_store(self, where, outbox=OutboxLimits(), log=LogLimits()):
        return MyStore(where / "my.db", outbox=outbox, log=log)
"""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ..consent import Consents
from .store_disclosures import DisclosureLaws
from .store_evidence import EvidenceLaws
from .store_first_hand import FirstHandLaws
from .store_identity import IdentityLaws
from .store_kit import at_once, contact, full_snapshot, logged, refused, whom, yes
from .store_log import LogLaws
from .store_many import ManyLaws
from .store_outbox import OutboxLaws
from .store_owing import OwingLaws
from .store_records import RecordLaws
from .store_rights import RightsLaws
from .store_strict import StrictLaws


class StoreConformance(
    RecordLaws,
    OutboxLaws,
    FirstHandLaws,
    DisclosureLaws,
    IdentityLaws,
    LogLaws,
    EvidenceLaws,
    StrictLaws,
    ManyLaws,
    RightsLaws,
    OwingLaws,
):
    """The laws of a `WritableStore`; each is a test, and is given an empty folder."""

    def test_a_closed_store_takes_no_calls(self, tmp_path: Path) -> None:
        """Closing again does nothing; asking says that it is closed."""
        store = self.make_store(tmp_path)
        store.close()
        store.close()
        assert refused(lambda: store.profile("ada"))
        assert refused(lambda: store.record([contact("1", "ada", 1)]))

    # Threads and processes

    def test_threads_do_not_disturb_each_other(self, tmp_path: Path) -> None:
        """Contacts that many threads record at once are all there, each once."""
        contacts = [contact(str(n), f"customer {n % 3}", n) for n in range(40)]
        with self.opened(tmp_path) as store:
            new = at_once(4, lambda _: sum(store.record([one]) for one in contacts))
            assert sum(new) == len(contacts)
            kept = [one for n in range(3) for one in store.contacts(f"customer {n}", 0)]
            assert sorted(kept, key=lambda one: one.at_us) == contacts
            assert len(store.outbox_take(99)) == len(contacts)

    def test_what_was_kept_is_there_again(self, tmp_path: Path) -> None:
        """A store that is opened again has everything; for stores that persist."""
        if not self.persistent:
            return
        with self.opened(tmp_path) as store:
            store.put_many([full_snapshot("ada")], {"ada": Consents((yes(1),), 1)})
            store.record([contact("1", "ada", 1)])
            store.link({"card": "4711"}, customer="al")
            store.merge("ada", "al")
            store.claim_register("key", b"value")
            store.raise_register("mark", 7)
            store.log_decisions([logged("1", 1, b"ada")])
        with self.opened(tmp_path) as store:
            assert store.profile("ada") == full_snapshot("ada")
            assert store.consents("al") == Consents((yes(1),), 1)
            assert [one.id for one in store.contacts("al", 0)] == ["1"]
            assert [one.id for _, one in store.outbox_take(9)] == ["1"]
            assert whom(store, card="4711") == ("ada", "person", None)
            assert store.register("key") == b"value"
            assert store.raise_register("mark", 6) == 7
            assert store.record([contact("1", "ada", 1)]) == 0
            assert store.logged_decision("1") == logged("1", 1, b"ada")

    def test_processes_share_one_truth(self, tmp_path: Path) -> None:
        """Processes that record the same contacts and claim the same register: once in effect; for shared stores."""
        if not self.shared_between_processes:
            return
        with self.opened(tmp_path) as store:
            answers = _in_processes(4, type(store), self.url(tmp_path))
            assert sum(answer["new"] for answer in answers) == 40
            assert len({answer["claimed"] for answer in answers}) == 1
            assert len(store.contacts("ada", 0)) == len(store.outbox_take(99)) == 40
            assert store.claim_register("key", b"mine").decode() == answers[0]["claimed"]


_CHILD: Final = """
import importlib, json, os, sys
from tactful import Contact
module, name, url = sys.argv[1:]
store = getattr(importlib.import_module(module), name).from_url(url)
print("ready", flush=True)
sys.stdin.readline()
claimed = store.claim_register("key", str(os.getpid()).encode()).decode()
new = sum(store.record([Contact(str(n), "ada", "shown", n)]) for n in range(40))
store.close()
print(json.dumps({"claimed": claimed, "new": new}))
"""


def _in_processes(number_of: int, store: type, url: str) -> Sequence[dict[str, Any]]:
    command = [sys.executable, "-c", _CHILD, store.__module__, store.__qualname__, url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    children = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(number_of)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    return [json.loads(child.communicate()[0]) for child in children]
