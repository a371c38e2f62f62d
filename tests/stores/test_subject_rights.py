"""What a customer may ask an edge for, over each store: all that is held and of nobody else; and to be forgotten."""

import gc
import json

import attrs
import pytest

import tactful
from tactful import Consents, Contact, MemoryCentre, MemoryStore, Observation, Snapshot, Source, StoreError, UsageError
from tactful.authoring import compile_files
from tactful.consent import standing
from tactful.sealing import EvidenceSeal
from tactful.testing.store_kit import yes
from tactful_adapters.postgresql import PostgreSQLStore
from tactful_adapters.sqlite import SQLiteStore

POLICY = compile_files(
    {
        "shop.yaml": b"""\
name: shop
channels: {web: private, email: {privacy: private, outbound: true}}
placements: {page: {channel: web, slots: 3}, letter: {channel: email, slots: 1}}
topics: {food: {}}
purposes: {offers: {basis: consent, say: choose offers for you}, bank: {basis: consent, partner: citybank}}
profile:
  seen:
    all: {purpose: [offers]}
    guests: {type: int, source: stated, say: how many you are, max_age: 30d}
    taste: {type: text, source: modelled, derived_from: [guests]}
    likes: {type: scores, source: derived}
ranking: {affinity: likes}
segments: {crowd: {when: profile.guests > 2, say: you are many, size: 900}}
caps: {page: {of: all, count: 99, within: 7d, per: household}}
offers:
  bread: {intent: sell, topic: food, purpose: offers, affinity: bread, when: segment.crowd, treatments: Bread}
  card: {intent: sell, topic: food, purpose: bank, treatments: A card}
"""
    }
)
MARK = "canary-7c1e"


def canary(who):
    return f"{MARK}-{who}"


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        made = SQLiteStore(tmp_path / "edge.db")
    else:
        made = PostgreSQLStore(request.getfixturevalue("postgresql").url(tmp_path))
    with made:
        yield made


@pytest.fixture
def edge(store):
    """Ann and Bob share a household, and each has something of every sort, with a canary in every field."""
    with tactful.open(POLICY, store=store, log=True) as opened:
        for who in (canary("ann"), canary("bob")):
            at_us = tactful.wall_clock()
            store.link({"card": f"card {who}", "household": "home"}, customer=who)
            values = {
                "guests": Observation(4, Source.STATED, at_us),
                "taste": Observation(f"taste {who}", Source.MODELLED, at_us, 0.5),
                "likes": Observation({"bread": 2.0, f"likes {who}": 1.0}, Source.DERIVED, at_us),
            }
            store.put_profile(Snapshot(who, at_us, values))
            store.put_consents(who, Consents((yes(at_us),), at_us))
            opened.opt_in(who, "bank")
            opened.warm(who)
            decision = opened.decide("page", who)
            for slot in range(len(decision.picks)):
                opened.record(decision.token, slot=slot)
            opened.observe(who, "visit", id=f"visit of {who}")
        opened._log.flush()
        yield opened


def test_an_export_has_everything_and_says_what_is_inferred(edge):
    who = canary("ann")
    told = edge.rights.export(who).as_dict()
    json.dumps(told)
    values = {one["attribute"]: one for one in told["profile"]}
    assert (values["guests"]["value"], values["guests"]["source"], values["guests"]["is_inferred"]) == (
        4,
        "stated",
        False,
    )
    assert (values["guests"]["purposes"], values["guests"]["used_for_s"]) == (["offers"], 30 * 86_400)
    assert (values["taste"]["value"], values["taste"]["is_inferred"]) == (f"taste {who}", True)
    assert values["taste"]["derived_from"] == ["guests"]
    assert (values["likes"]["value"]["bread"], values["likes"]["ranks_offers"]) == (2.0, True)
    assert [one["segment"] for one in told["segments"]] == ["crowd"]
    assert {(one["purpose"], one["state"], one["how"]) for one in told["consents"]} == {
        ("offers", "ConsentGiven", "explicit"),
        ("bank", "ConsentGiven", "explicit"),
    }
    assert {one["value"] for one in told["identifiers"]} == {f"card {who}", "home"}
    assert {one["event"] for one in told["contacts"]} == {"opt_in", "shown", "visit"}
    assert [{pick["offer"] for pick in one["shown"]} for one in told["decisions"]] == [{"bread", "card"}]
    assert [(one["partner"], one["purpose"]) for one in told["recipients"]] == [("citybank", "bank")]
    assert {one["of"] for one in told["retention"]} >= {"profile", "consents", "contacts", "decisions", "recipients"}
    assert told["waiting"]


def test_an_export_has_nothing_of_who_shares_the_household(edge, store):
    store.merge(canary("bob"), "bobby")
    told = json.dumps(edge.rights.export({"card": f"card {canary('ann')}"}).as_dict())
    assert canary("ann") in told
    assert canary("bob") not in told
    assert canary("ann") not in json.dumps(edge.rights.export(canary("bob")).as_dict())


def test_an_export_has_nothing_of_whom_one_was_merged_with(edge, store):
    ann, bob = canary("ann"), canary("bob")
    store.merge(ann, bob)
    assert bob in json.dumps(edge.rights.export(ann).as_dict())
    store.split(bob)
    assert bob not in json.dumps(edge.rights.export(ann).as_dict())


def test_an_export_leaves_no_trace(edge, store):
    held = store.held(canary("ann"))
    edge.rights.export(canary("ann"))
    edge._log.flush()
    assert store.held(canary("ann")) == held


def test_an_erasure_leaves_nothing_in_the_store_nor_here(edge, store, tmp_path):
    ann, bob = canary("ann"), canary("bob")
    of_bob = store.held(bob)
    counts = store.held(ann).counts
    receipt = edge.rights.erase({"card": f"card {ann}"})
    assert dict(receipt.gone) == dict(counts)
    assert dict(receipt.kept) == {"disclosures": 1, "decisions": 1}
    assert not any(store.held(ann).counts.values())
    assert store.held(bob) == of_bob
    gc.collect()
    assert not [one for one in reached(edge) if ann in one]
    if isinstance(store, SQLiteStore):
        raw = b"".join(file.read_bytes() for file in tmp_path.glob("edge.db*"))
        assert ann.encode() not in raw
        assert bob.encode() in raw


def test_the_walk_through_memory_finds_what_is_there(edge):
    assert [one for one in reached(edge) if canary("ann") in one]


def test_a_receipt_is_not_personal_and_a_second_one_is_empty(edge):
    ann = canary("ann")
    receipt = edge.rights.erase(ann)
    assert MARK not in repr(receipt)
    assert all(receipt.pending)
    again = edge.rights.erase(ann)
    assert not any(again.gone.values())
    assert dict(again.kept) == {}


def test_a_withdrawal_that_waits_is_told_in_the_receipt(edge, store):
    edge.opt_out(canary("ann"))
    receipt = edge.rights.erase(canary("ann"))
    assert receipt.kept["withdrawals"] == 2  # the centre's and the partner's
    assert {one.event for _, one in store.outbox_take(99) if one.customer == canary("ann")} == {"withdrawal"}


def test_who_was_erased_is_a_stranger_to_the_next_decision(edge):
    ann = canary("ann")
    assert edge.decide("page", ann, preview=True).picks[0].offer in {"bread", "card"}
    edge.rights.erase(ann)
    edge.warm(ann)
    assert "no profile is on record" in edge.decide("page", ann, preview=True).careful


def test_what_household_members_counted_is_counted_anew(edge, store):
    bob = canary("bob")
    edge.rights.erase(canary("ann"))
    edge.warm(bob)
    assert not [one for one in edge.decide("page", bob, preview=True).careful if "contacts" in one]
    assert {one.customer for one in store.household_contacts("home", 0)} == {bob}


def test_nobody_has_no_rights(edge):
    for ask in (edge.rights.export, edge.rights.erase):
        with pytest.raises(UsageError, match="stand for nobody"):
            ask({"card": "0"})


class Reads:
    """A store that reads, and can neither tell all nor erase."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        if name in {"held", "erase"}:
            raise AttributeError(name)
        return getattr(self._store, name)


def test_a_store_that_cannot_says_so():
    store = MemoryStore()
    store.record([Contact("1", "ann", "shown", 1)])
    with tactful.open(POLICY, store=Reads(store)) as opened:
        with pytest.raises(UsageError, match="cannot tell what it holds"):
            opened.rights.export("ann")
        with pytest.raises(UsageError, match="cannot tell what it holds"):
            opened.rights.erase("ann")
    assert len(store.contacts("ann", 0)) == 1


def reached(root):
    """Yield every text that can be reached from an object, as a debugger would: what is in memory of an edge."""
    seen, todo, found = set(), [root], []
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, type) or type(one).__name__ in {"module", "function", "frame"}:
            continue
        seen.add(id(one))
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, bytes):
            found.append(one.decode("latin-1"))
        else:
            todo += gc.get_referents(one)
    return found


# Objection and restriction


def shown(edge, who, place="page"):
    return {pick.offer for pick in edge.decide(place, who, preview=True).picks}


@pytest.mark.parametrize("reading", [True, False])
def test_a_no_counts_here_though_the_store_can_be_neither_read_nor_written(edge, store, monkeypatch, reading):
    def away(*_):
        raise StoreError("away")

    ann, bob = canary("ann"), canary("bob")
    assert "card" in shown(edge, ann)
    assert "bread" in shown(edge, bob)
    monkeypatch.setattr(store, "consents" if reading else "add_consent", away)
    with pytest.raises(StoreError):
        edge.rights.object_to(ann, "bank")
    with pytest.raises(StoreError):
        edge.rights.restrict(bob)
    assert "card" not in shown(edge, ann)
    assert "bread" not in shown(edge, bob)  # which is for who is many at table


def test_an_objection_to_one_purpose_ends_it_at_once_and_no_other(edge, store):
    ann = canary("ann")
    assert shown(edge, ann) == {"bread", "card"}
    assert edge.rights.object_to(ann, "bank") == ("citybank",)
    assert shown(edge, ann) == {"bread"}
    assert shown(edge, canary("bob")) == {"bread", "card"}
    (no,) = [one for one in store.consents(ann).records if one.refuses]
    assert (no.purpose, no.evidence) == ("bank", "objection")
    notices = [one for one in store.held(ann).waiting if isinstance(one, Contact) and one.event == "withdrawal"]
    assert {(one.owner, one.tags) for one in notices} == {("", ("bank",)), ("citybank", ("bank",))}
    edge.opt_in(ann, "bank")
    assert shown(edge, ann) == {"bread", "card"}


def test_an_objection_to_everything_is_an_opt_out(edge, store):
    ann = canary("ann")
    assert edge.rights.object_to(ann) == ("citybank",)
    assert shown(edge, ann) == set()
    assert {one.purpose for one in store.consents(ann).records if one.refuses} == {"*", "offers", "bank"}


def test_what_cannot_be_objected_to_is_refused(edge):
    with pytest.raises(UsageError, match="did you mean 'bank'"):
        edge.rights.object_to(canary("ann"), "bnk")


def test_a_restriction_keeps_all_and_uses_nothing_until_it_is_lifted(edge, store):
    ann = canary("ann")
    held = store.held(ann)
    edge.rights.restrict(ann)
    decision = edge.decide("page", ann, preview=True)
    assert "bread" not in {pick.offer for pick in decision.picks}
    assert {one.id for one in decision.explain().of("bread")[0].reasons} >= {"core.restricted"}
    assert store.held(ann).profiles == held.profiles
    for lifts_nothing in (
        lambda: edge.opt_in(ann, "offers"),
        lambda: edge.warm(ann),
        lambda: edge.opt_out(canary("bob")),
    ):
        lifts_nothing()
        assert "bread" not in shown(edge, ann)
    assert edge.rights.lift(ann)
    assert "bread" in shown(edge, ann)
    assert not edge.rights.lift(ann)


def test_a_restriction_holds_for_all_ids_and_outlasts_a_split(edge, store):
    ann, other = canary("ann"), canary("other")
    store.put_profile(Snapshot(other, 9, {"guests": Observation(4, Source.STATED, tactful.wall_clock())}))
    store.put_consents(other, Consents((yes(tactful.wall_clock()),), tactful.wall_clock()))
    store.merge(ann, other)
    edge.rights.restrict(other)
    store.split(other)
    for who in (ann, other):
        edge.forget(who)
        edge.warm(who)
        assert "core.restricted" in {
            one.id for one in edge.decide("page", who, preview=True).explain().of("bread")[0].reasons
        }


def test_who_opts_out_after_a_restriction_was_lifted_is_not_restricted_again(edge, store):
    ann, centre = canary("ann"), MemoryCentre()
    edge.rights.restrict(ann)
    edge.rights.lift(ann)
    edge.opt_out(ann)
    centre.deliver([one for _, one in store.outbox_take(99)])
    (told,) = [one.told for one in centre.changes("consents", 0, 99).changes if one.customer == ann]
    for known in (told, store.consents(ann)):
        assert not standing(known, ("*restriction",), "web", tactful.wall_clock()).refused
        assert standing(known, ("*",), "web", tactful.wall_clock()).refused


def test_a_restriction_reaches_the_centre_and_its_edges(edge, store):
    ann, centre = canary("ann"), MemoryCentre()
    edge.rights.restrict(ann)
    centre.deliver([one for _, one in store.outbox_take(99)])
    (told,) = [one.told for one in centre.changes("consents", 0, 99).changes if one.customer == ann]
    assert standing(told, ("*restriction",), "web", tactful.wall_clock()).refused


# Evidence


def test_what_a_household_counted_names_nobody_in_the_evidence_of_another(store):
    """So an erasure has nothing to look for in the evidence of who stays."""
    policy = attrs.evolve(POLICY, values=attrs.evolve(POLICY.values, evidence_s=999))
    key = bytes(32)
    with tactful.open(policy, store=store, log=True, evidence_key=key) as opened:
        for who in ("ann", "bob"):
            store.link({"household": "home"}, customer=who)
            store.put_profile(Snapshot(who, tactful.wall_clock(), {}))
            store.put_consents(who, Consents((yes(5),), tactful.wall_clock()))
        store.record([Contact("1", "ann", "shown", tactful.wall_clock(), offer="card", channel="web")])
        opened.warm("bob")
        decision = opened.decide("page", "bob")
        opened._log.flush()
    (row,) = store.held("bob").evidence
    evidence = EvidenceSeal(key).open(row)
    assert [one.offer for one in evidence.household.contacts] == ["card"]
    assert {one.customer for one in evidence.household.contacts} == {""}
    assert decision.id == evidence.id
