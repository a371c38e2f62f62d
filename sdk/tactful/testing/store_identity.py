"""Laws of whom a store takes for whom: identifiers, merges, splits, erasure. Part of `StoreConformance`."""
# ruff: noqa: S101 - to assert is what a kit is for

from pathlib import Path

from ..clock import wall_clock
from ..consent import Consents, How, standing
from ..profile import Snapshot
from ..strict import Ask
from .store_kit import HOUR_US, StoreMaking, contact, full_snapshot, no, observed, refused, stands, whom, yes


class IdentityLaws(StoreMaking):
    """Who is who, and that nobody is taken for another."""

    # Identity

    def test_the_strongest_identifier_decides(self, tmp_path: Path) -> None:
        """A cookie alone is a device; a person comes before it; persons that contradict each other are nobody."""
        with self.opened(tmp_path) as store:
            ada = store.link({"card": "4711", "cookie": "c1", "household": "h1"})
            bob = store.link({"card": "4712", "household": "h1"})
            assert ada != bob
            assert whom(store, cookie="c1") == (ada, "device", "h1")
            assert whom(store, card="4711") == (ada, "person", "h1")
            assert whom(store, card="4712", cookie="c1") == (bob, "person", "h1")
            assert whom(store, card="4711", email="nobody@example.org") == (ada, "person", "h1")
            assert whom(store, card="4711", customer=bob) is None
            assert whom(store, card="4711", email="x", customer=ada) == (ada, "person", "h1")
            assert whom(store, email="nobody@example.org", cookie="c1") is None
            assert whom(store, household="h1") is None

    def test_identifiers_have_one_form(self, tmp_path: Path) -> None:
        """Spaces around a value and the case of an e-mail's domain tell nobody apart; the mailbox's case does."""
        with self.opened(tmp_path) as store:
            ada = store.link({"email": " Ada@Example.ORG "})
            assert whom(store, email="Ada@example.org") == (ada, "person", None)
            assert whom(store, email="ada@example.org") is None
            assert refused(lambda: store.link({"email": "  "}))

    def test_an_unsure_link_identifies_nobody(self, tmp_path: Path) -> None:
        """A guess is kept with its kind and confidence, and stands for nobody until it is sure."""
        with self.opened(tmp_path) as store:
            ada = store.link({"email": "ada@example.org"}, customer="ada", kind="matched", confidence=0.6)
            assert whom(store, email="ada@example.org") is None
            assert [(link.kind, link.confidence) for link in store.links(ada)] == [("matched", 0.6)]
            store.link({"email": "ada@example.org"}, customer="ada", kind="login")
            store.link({"email": "ada@example.org"}, customer="ada", kind="matched", confidence=0.7)
            assert whom(store, email="ada@example.org") == ("ada", "person", None)
            assert [(link.kind, link.confidence) for link in store.links(ada)] == [("login", 1.0)]

    def test_an_identifier_of_a_person_stands_for_one(self, tmp_path: Path) -> None:
        """Nobody else gets it unless it is taken away first; a device can be several people's, and is then nobody's."""
        with self.opened(tmp_path) as store:
            store.link({"card": "4711", "cookie": "c1"}, customer="ada")
            assert refused(lambda: store.link({"card": "4711", "cookie": "c2"}, customer="bob"))
            assert whom(store, cookie="c2") is None
            store.link({"card": "4712", "cookie": "c1"}, customer="bob")
            assert whom(store, cookie="c1") is None
            assert refused(lambda: store.link({"card": "4711", "customer": "bob"}))
            assert store.unlink({"card": "4711"}) == 1
            store.link({"card": "4711"}, customer="bob")
            assert whom(store, card="4711") == ("bob", "person", None)

    # Merging

    def test_merged_customers_are_one(self, tmp_path: Path) -> None:
        """Both ids give the newest observation of each attribute, the contacts and the identifiers of both."""
        with self.opened(tmp_path) as store:
            store.put_profile(Snapshot("ada", 3, {"a": observed(1), "b": observed(5)}, epoch=4))
            store.put_profile(Snapshot("al", 2, {"b": observed(4), "a": observed(2), "c": observed(1)}, epoch=9))
            store.record([contact("1", "ada", 8), contact("2", "al", 7)])
            store.link({"card": "4711"}, customer="al")
            assert store.merge("ada", "al") == "ada"
            merged = Snapshot("ada", 2, {"a": observed(2), "b": observed(5), "c": observed(1)}, epoch=9)
            for customer in ("ada", "al"):
                assert store.profile(customer) == merged
                assert [one.id for one in store.contacts(customer, 0)] == ["2", "1"]
                assert [link.value for link in store.links(customer)] == ["4711"]
            assert whom(store, card="4711", customer="al") == ("ada", "person", None)
            assert refused(lambda: store.merge("ada", "ada"))

    def test_a_merge_lets_no_yes_silence_a_no(self, tmp_path: Path) -> None:
        """One id's newer yes does not silence the other's no; after the merge an explicit one does, an implied not."""
        now_us = wall_clock()
        with self.opened(tmp_path) as store:
            store.add_consent("ada", no(now_us - 3 * HOUR_US))
            store.add_consent("al", yes(now_us - 2 * HOUR_US))
            store.merge("al", "ada")
            assert stands(store, "ada") == stands(store, "al") == (False, True)
            store.add_consent("ada", yes(now_us + HOUR_US, How.IMPLIED))
            assert stands(store, "al") == (False, True)
            store.add_consent("al", yes(now_us + 2 * HOUR_US))
            assert stands(store, "ada") == (True, False)

    def test_a_merge_takes_the_weaker_yes(self, tmp_path: Path) -> None:
        """Of two that say yes, the one that was given more weakly speaks; silence is no no."""
        now_us = wall_clock()
        with self.opened(tmp_path) as store:
            store.add_consent("ada", yes(now_us - 3 * HOUR_US, How.PRE_TICKED))
            store.add_consent("al", yes(now_us - 2 * HOUR_US))
            store.merge("ada", "al")
            store.merge("ada", "silent")
            consents = store.consents("al")
            assert consents is not None
            assert standing(consents, ("offers",), "web", now_us).how == "pre_ticked"

    def test_a_split_brings_back_who_had_what(self, tmp_path: Path) -> None:
        """Each id has its own again, with what was recorded under it in between; a no from then stays with both."""
        now_us = wall_clock()
        snapshots = {customer: Snapshot(customer, 1, {customer: observed(1)}) for customer in ("ada", "al", "x")}
        with self.opened(tmp_path) as store:
            store.put_many(snapshots.values())
            store.link({"card": "4711"}, customer="al")
            store.record([contact("1", "al", 5)])
            store.add_consent("al", yes(now_us - HOUR_US))
            store.merge("ada", "al")
            store.merge("ada", "x")
            store.record([contact("2", "ada", 6)])
            store.add_consent("ada", no(now_us + HOUR_US))
            assert set(store.split("al")) == {"ada", "al"}
            assert store.profile("al") == snapshots["al"]
            assert [one.id for one in store.contacts("al", 0)] == ["1"]
            assert [one.id for one in store.contacts("x", 0)] == ["2"]
            assert whom(store, card="4711") == ("al", "person", None)
            assert stands(store, "al") == stands(store, "ada") == (False, True)
            assert set(store.split("ada")) == {"ada", "x"}
            assert store.profile("ada") == snapshots["ada"]

    def test_a_household_has_the_contacts_of_all_who_belong_to_it(self, tmp_path: Path) -> None:
        """With those under merged ids; of nobody who is in two households, or in this one only perhaps."""
        with self.opened(tmp_path) as store:
            for customer in ("ada", "bob", "eve"):
                store.link({"household": "h1"}, customer=customer)
            store.link({"household": "h2"}, customer="eve")
            store.link({"household": "h1"}, customer="zoe", confidence=0.5)
            store.merge("ada", "al")
            store.record([contact(one, one, at) for at, one in enumerate(("bob", "eve", "al", "zoe", "ada"))])
            assert [one.id for one in store.household_contacts("h1", 0)] == ["bob", "al", "ada"]
            assert [one.id for one in store.household_contacts("h1", 2)] == ["al", "ada"]
            assert list(store.household_contacts("h9", 0)) == []

    # Forgetting

    def test_an_erased_customer_is_gone(self, tmp_path: Path) -> None:
        """Nothing is left of any merged id, but the withdrawal of which the centre must hear; others keep theirs."""
        with self.opened(tmp_path) as store:
            store.link({"card": "4711"}, customer="al")
            store.put_many([full_snapshot("ada"), full_snapshot("bob")], {"al": Consents((yes(1),), 1)})
            store.record([contact("1", "ada", 1), contact("2", "al", 1, "withdrawal"), contact("3", "bob", 1)])
            store.merge("ada", "al")
            store.reserve([Ask("weekly", "", "customer", "ada", 1, 1, 1, 1)])
            gone = {"profiles": 1, "consents": 1, "contacts": 2, "strict": 1, "links": 1, "merges": 2, "outbox": 1}
            gone |= {"decisions": 0, "evidence": 0, "disclosures": 0}
            assert dict(store.erase("al")) == gone
            for customer in ("ada", "al"):
                assert store.profile(customer) is None
                assert store.consents(customer) is None
                assert list(store.contacts(customer, 0)) == []
            assert whom(store, card="4711") is None
            assert [one.id for _, one in store.outbox_take(9)] == ["2", "3"]
            assert store.profile("bob") == full_snapshot("bob")
            assert set(store.erase("al").values()) == {0}
