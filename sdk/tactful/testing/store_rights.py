"""Laws of what a customer may ask a store for: all that is held of one, nothing of another; and an erasure of it."""
# ruff: noqa: S101, PLR2004 - to assert what is expected is what a kit is for

from pathlib import Path
from typing import Final

from ..clock import wall_clock
from ..consent import Consents
from ..contacts import Contact
from ..disclosures import Disclosure, Passed
from ..evidence import SealedEvidence
from ..held import Held
from ..ports import WritableStore
from ..profile import Observation, Snapshot
from ..pseudonyms import log_key, pseudonym
from ..schema import Source
from ..strict import Ask
from .store_kit import HOSTILE, HOUR_US, StoreMaking, logged, no, yes

_LATEST: Final = 2**62
_PASSED: Final = Passed("citybank", "bank", "consent", ("income",))


class RightsLaws(StoreMaking):
    """The laws of `SubjectAccess`, and of `Erasure` beside it."""

    def test_all_that_is_held_is_told(self, tmp_path: Path) -> None:
        """Every sort of record, of every merged id under its own name, and the merges themselves."""
        with self.opened(tmp_path) as store:
            for one in ("ada", "al"):
                fill(store, one)
            store.merge("ada", "al")
            held = store.held("al")
            assert held == store.held("ada")
            assert held.ids == ("ada", "al")
            assert {one: held.profiles[one].attributes["canary"].value for one in held.ids} == {
                "ada": "of ada",
                "al": "of al",
            }
            assert {one: len(held.consents[one].records) for one in held.ids} == {"ada": 2, "al": 2}
            assert {(one.name, one.value, one.customer) for one in held.links} == {
                ("card", card("ada"), "ada"),
                ("household", "home", "ada"),
                ("card", card("al"), "al"),
                ("household", "home", "al"),
            }
            assert [(one.customer, one.other) for one in held.merges] == [("ada", "al")]
            assert [one.id for one in held.contacts] == ["shown ada", "shown al", "out ada", "out al"]
            assert [one.decision for one in held.disclosures] == ["over ada", "over al", "passed ada", "passed al"]
            assert sorted(one.id for one in held.waiting) == sorted([*waiting("ada"), *waiting("al")])
            assert [one.id for one in held.decisions] == [one.id for one in held.evidence] == ["d ada", "d al"]
            assert held.strict == 2

    def test_nothing_of_another_is_told(self, tmp_path: Path) -> None:
        """Not of who shares the household, nor of who was merged and is split again, nor of odd neighbours."""
        others = ("bob", "al", *(one for one in HOSTILE if one != "a"))
        with self.opened(tmp_path) as store:
            for one in ("ada", *others):
                fill(store, one)
            before = store.held("ada")
            store.merge("ada", "al")
            store.split("al")
            assert store.held("ada") == before
            assert canaries(before) == {"ada"}
            assert not canaries(store.held("a")) - {"a"}
            for one in others:
                assert canaries(store.held(one)) == {one}

    def test_of_nobody_nothing_is_held(self, tmp_path: Path) -> None:
        """A stranger has an id, and no row; so has a visitor, whatever was recorded of visitors."""
        with self.opened(tmp_path) as store:
            fill(store, "ada")
            store.log_decisions([logged("visitor", 7)])
            for one in ("stranger", ""):
                assert set(store.held(one).counts.values()) == {0}

    def test_an_erasure_takes_all_that_is_held(self, tmp_path: Path) -> None:
        """It counts what was held, leaves nothing but the withdrawals that wait, and of others everything."""
        with self.opened(tmp_path) as store:
            for one in ("ada", "al", "bob"):
                fill(store, one)
            refuse(store, "ada")
            store.merge("ada", "al")
            held, of_bob = store.held("al"), store.held("bob")
            assert set(held.counts.values()) == {2, 4, 6}
            assert dict(store.erase("al")) == dict(held.counts)
            for one in ("ada", "al"):
                left = store.held(one)
                assert set(left.counts.values()) == {0}
                assert [notice.id for notice in left.waiting] == [f"out {one}"]
            assert set(store.erase("al").values()) == {0}
            assert store.held("bob") == of_bob

    def test_what_comes_late_brings_nobody_back(self, tmp_path: Path) -> None:
        """Of who was erased only a withdrawal waits, for the others who must hear of it; what happens since is kept."""
        with self.opened(tmp_path) as store:
            for one in ("ada", "al", "bob"):
                fill(store, one)
            store.merge("ada", "al")
            store.erase("ada")
            waits = {one.id for _, one in store.outbox_take(999)}
            passed = Disclosure("late", 0, "ada", 12, _LATEST, "card", "web", _PASSED)
            late = [Contact(f"late {one}", one, "shown", 12) for one in ("ada", "al")]
            no_ = Contact("late no", "al", "withdrawal", 13, owner="citybank")
            assert store.record([*late, no_, Contact("of bob", "bob", "shown", 12)], [passed]) == 1
            assert store.put_many(contacts=[Contact("put", "ada", "shown", 12)]) == 0
            for one in ("ada", "al"):
                assert set(store.held(one).counts.values()) == {0}
            assert {one.id for _, one in store.outbox_take(999)} - waits == {"late no", "of bob"}
            since = Contact("since", "ada", "shown", wall_clock() + HOUR_US)
            assert store.record([since, Contact("late again", "ada", "shown", 14)]) == 1
            assert list(store.contacts("ada", 0)) == [since]


def fill(store: WritableStore, customer: str) -> None:
    """Keep something of every sort of a customer, marked as that customer's; all are of one household."""
    who = pseudonym(log_key(store), customer)
    canary = Observation(f"of {customer}"[:4_000], Source.MODELLED, 5, 0.5)
    store.put_profile(Snapshot(customer, 6, {"canary": canary}))
    store.put_consents(customer, Consents((yes(3), no(4, channel="email")), 9))
    store.link({"card": card(customer), "household": "home"}, customer=customer)
    store.record(
        [
            Contact(f"shown {customer}", customer, "shown", 10),
            Contact(f"out {customer}", customer, "withdrawal", 20, owner="citybank"),
        ],
        [
            Disclosure(f"passed {customer}", 0, customer, 12, _LATEST, "card", "web", _PASSED),
            Disclosure(f"over {customer}", 0, customer, 11, 12, "card", "web", _PASSED),
        ],
    )
    store.log_decisions([logged(f"d {customer}", 30, who)])
    store.keep_evidence([SealedEvidence(f"d {customer}", 30, who, _LATEST, b"sealed")])
    store.reserve([Ask("cap", "", "customer", customer, 9, 1, 10**15, 10**15)])


def card(customer: str) -> str:
    """Return the number of a customer's card: of ids that are one text to an eye, or after cleaning, two numbers."""
    return customer.encode().hex()


def waiting(customer: str) -> tuple[str, ...]:
    """Return the ids of what `fill` lets wait."""
    passed = (f"{word} {customer}/0/card/disclosure" for word in ("passed", "over"))
    return (f"shown {customer}", f"out {customer}", *passed)


def refuse(store: WritableStore, customer: str) -> None:
    """Set one disclosure of a customer aside, as a centre that refuses it."""
    (number,) = (n for n, one in store.outbox_take(999) if one.id == waiting(customer)[2])
    assert store.outbox_refuse({number: "no"}) == 1


def canaries(held: Held) -> set[str | None]:
    """Return whose rows are among what is held."""
    found: set[str | None] = {*held.profiles, *held.consents}
    found |= {str(one.attributes["canary"].value)[3:] for one in held.profiles.values() if len(one.customer) < 99}
    for rows in (held.links, held.contacts, held.disclosures, held.waiting):
        found |= {one.customer for one in rows}
    found |= {side for one in held.merges for side in (one.customer, one.other)}
    found |= {one.id.removeprefix("d ") for one in held.decisions}
    return found | {one.id.removeprefix("d ") for one in held.evidence}
