"""What is kept of events: as the policy maps them, as the customer allows, once, at the time at which it happened."""

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tactful
from tactful import Consent, ConsentState, Event, EventKind, Fate, How, Observation, Snapshot, Source

IDENTIFY, TRACK = EventKind.IDENTIFY, EventKind.TRACK
YES, NO = {"Advertising": True}, {"Advertising": False}
US = 1_000_000


@pytest.fixture
def hear(edge):
    """What hears one event, now or before, and returns what became of it."""
    now_us, ids = tactful.wall_clock() - 1000 * US, iter(range(10**6))

    def heard(kind=TRACK, *, at=0, id=None, **values):  # noqa: A002 - what an event calls it
        event = Event(id or f"id{next(ids)}", kind, now_us + at * US, **{"user": "u1", **values})
        return dict(edge.hear([event]))

    return heard


def sized(size=43):
    return {"name": "Size Chosen", "fields": {"size": size}}


# what is mapped


def test_what_is_not_mapped_is_not_kept(hear, known, tmp_path):
    assert hear(name="Something Else", fields={"size": 43}, anonymous="") == {Fate.NOT_MAPPED: 1}
    assert hear(IDENTIFY, fields={"firstName": "Ann", "email": "ann@example.org"}, preferences=YES) == {Fate.KEPT: 1}
    assert known("u1") == {"first_name": "Ann"}
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("edge.db*"))
    assert b"Ann" in kept
    assert b"ann@example.org" not in kept


def test_a_value_has_the_source_the_confidence_and_the_time_that_the_policy_says(hear, edge):
    hear(IDENTIFY, at=5, fields={"shoe": {"size": 43}, "firstName": "Ann"}, preferences=YES)
    found = edge._store.profile("u1").attributes
    size, name = found["shoe_size"], found["first_name"]
    assert (size.source, size.confidence, name.source, name.confidence) == (Source.STATED, 0.9, Source.STATED, 1.0)
    assert size.at_us == name.at_us
    hear(at=6, **sized(44))
    again = edge._store.profile("u1").attributes["shoe_size"]
    assert (again.source, again.value, again.at_us - size.at_us) == (Source.OBSERVED, 44, US)


def test_a_value_of_another_type_is_not_kept(hear, known):
    assert hear(**sized("forty-three"), preferences=YES) == {Fate.NOT_FITTING: 1, Fate.KEPT: 1}  # the yes was kept
    assert known("u1") == {}


def test_a_field_with_a_dot_in_its_name_is_found_as_a_path_is(hear, known):
    hear(IDENTIFY, fields={"shoe.size": 44}, preferences=YES)
    assert known("u1") == {"shoe_size": 44}


def test_null_takes_away_what_was_known_without_asking_for_consent(hear, known):
    hear(**sized(), preferences=YES)
    assert hear(at=1, name="Size Chosen", fields={"size": None}, preferences=NO) == {Fate.KEPT: 1}
    assert known("u1") == {}


def test_null_takes_it_away_under_every_id_of_the_customer(hear, edge, known):
    hear(**sized(), preferences=YES)
    edge._store.merge("u2", "u1")
    assert known("u2") == {"shoe_size": 43}
    hear(at=1, user="u2", name="Size Chosen", fields={"size": None})
    assert known("u1") == known("u2") == {}


def test_what_was_observed_later_stays(hear, known):
    hear(at=5, **sized(43), preferences=YES)
    assert hear(at=3, **sized(40)) == {Fate.OUTDATED: 1}
    assert hear(at=4, name="Size Chosen", fields={"size": None}) == {}
    assert known("u1") == {"shoe_size": 43}


def test_an_outcome_of_a_decision_counts_by_its_token(hear, edge, contacts):
    edge.warm("u1")
    decision = edge.decide("home", "u1")
    assert hear(name="Offer Clicked", fields={"token": decision.token}) == {Fate.KEPT: 1}
    assert contacts("u1") == ["click"]
    for token in ("", "forged", None, 7):
        assert Fate.KEPT not in hear(name="Offer Clicked", fields={"token": token})
    assert contacts("u1") == ["click"]


def test_a_contact_has_the_time_and_the_topic_of_its_event(hear, edge):
    hear(at=7, name="Order Completed", preferences=YES)
    (bought,) = (one for one in edge._store.contacts("u1", 0) if one.event == "purchase")
    assert (bought.topic, (tactful.wall_clock() - bought.at_us) // US) == ("shoes", 993)


# what is allowed


def test_without_a_yes_nothing_is_kept_but_for_a_contract(hear, edge, known, contacts):
    assert hear(**sized()) == {Fate.NOT_ALLOWED: 1}
    assert hear(name="Order Completed", fields={"size": 43}) == {Fate.NOT_ALLOWED: 1, Fate.KEPT: 1}
    assert contacts("u1") == ["purchase"]  # any purpose will do, and the contract's needs no yes
    assert hear(IDENTIFY, fields={"newsletter": True, "firstName": "Ann"}) == {Fate.NOT_ALLOWED: 1, Fate.KEPT: 1}
    assert known("u1") == {"newsletter": True}
    edge.opt_in("u1", "offers")
    assert hear(**sized()) == {Fate.KEPT: 1}


@pytest.mark.parametrize("how", ["pre_ticked", "forced", "implied", "unknown"])
def test_a_yes_that_is_none_of_the_customers_own_is_none(hear, edge, how):
    edge.opt_in("u1", "offers", how=how)
    assert hear(**sized()) == {Fate.NOT_ALLOWED: 1}


def test_a_yes_that_is_not_to_be_kept_speaks_for_its_own_event(hear, edge, known):
    assert hear(**sized(), preferences={"Functional": True}) == {Fate.KEPT: 1}
    assert edge._store.consents("u1") is None
    assert hear(at=1, **sized(44)) == {Fate.NOT_ALLOWED: 1}
    assert known("u1") == {"shoe_size": 43}


def test_of_two_categories_any_no_wins(hear, known):
    hear(**sized(), preferences={"Functional": True, "Advertising": False})
    assert known("u1") == {}
    hear(at=1, **sized(), preferences={"Functional": False, "Advertising": True})
    assert known("u1") == {}


def test_a_yes_is_kept_as_the_policy_says_that_it_is_given(hear, edge):
    hear(at=3, preferences={"Advertising": True, "Partners": True, "Unknown": True}, name="Any")
    said = {one.purpose: (one.state, one.how) for one in edge._store.consents("u1").records}
    assert said == {
        "offers": (ConsentState.GIVEN, How.EXPLICIT),
        "partners": (ConsentState.GIVEN, How.IMPLIED),
    }
    before = edge._store.consents("u1")
    hear(at=4, preferences={"Advertising": True, "Partners": True}, name="Any")
    assert edge._store.consents("u1") == before


def test_a_no_counts_at_once_and_is_told_to_the_centre_and_the_partner(hear, edge):
    hear(**sized(), preferences=YES)
    assert edge.decide("home", "u1", preview=True).content == {"title": "Shoes in your size"}
    hear(at=1, name="Any", preferences={"Advertising": False, "Partners": False})
    assert edge.decide("home", "u1", preview=True).content != {"title": "Shoes in your size"}
    notices = [one for one in edge._store.contacts("u1", 0) if one.event == "withdrawal"]
    assert sorted((one.owner, one.tags) for one in notices) == [
        ("", ("offers", "partners")),
        ("Cobbler", ("partners",)),
    ]
    hear(at=2, name="Any", preferences={"Advertising": False, "Partners": False})
    assert len([one for one in edge._store.contacts("u1", 0) if one.event == "withdrawal"]) == len(notices)


def test_only_a_yes_of_the_customers_own_takes_a_no_back(hear, edge, known):
    hear(name="Any", preferences={"Advertising": False, "Partners": False})
    hear(at=1, name="Any", preferences={"Partners": True})
    assert [one.state for one in edge._store.consents("u1").records if one.purpose == "partners"] == [
        ConsentState.REFUSED
    ]
    hear(at=2, **sized(), preferences={"Functional": True})
    assert known("u1") == {}
    hear(at=3, **sized(), preferences=YES)
    assert known("u1") == {"shoe_size": 43}


def test_an_older_yes_does_not_take_a_no_back(hear, known, edge):
    hear(at=5, name="Any", preferences=NO)
    hear(at=4, **sized(), preferences=YES)
    assert known("u1") == {}
    assert all(one.refuses for one in edge._store.consents("u1").records)


def test_who_wants_to_be_left_in_peace_is(hear, edge, known):
    edge._store.merge("u1", "u1-old")
    edge.opt_out("u1")
    hear(at=1, **sized(), preferences=YES)  # the clock of this test is behind the opt-out's
    assert known("u1") == {}
    hear(at=1200, **sized(), preferences=YES)
    assert known("u1") == {"shoe_size": 43}


# who it is about


def test_an_anonymous_device_has_a_history_of_its_own_until_somebody_logs_in(hear, edge, known):
    hear(user="", anonymous="a1", **sized(), preferences=YES)
    alone = edge._store.identify({"cookie": "a1"}).customer
    assert alone.startswith("anonymous:")
    assert "a1" not in alone
    assert edge.decide("home", {"cookie": "a1"}, preview=True).content == {"title": "New shoes"}  # none of its own

    hear(IDENTIFY, at=1, user="u1", anonymous="a1", preferences=YES)
    assert known("u1") == {"shoe_size": 43}
    assert edge._store.identify({"cookie": "a1"}).customer == "u1"


def test_a_device_on_which_two_people_log_in_stands_for_nobody(hear, edge, known):
    hear(user="", anonymous="a1", **sized(), preferences=YES)
    hear(IDENTIFY, at=1, user="u1", anonymous="a1", preferences=YES)
    hear(IDENTIFY, at=2, user="u2", anonymous="a1", preferences=YES)
    assert edge._store.identify({"cookie": "a1"}) is None
    assert edge._store.identify({"customer": "u2"}).customer == "u2"
    assert known("u2") == {}
    assert hear(at=3, user="", anonymous="a1", **sized(44), preferences=YES) == {Fate.NOBODY: 1}


def test_a_device_is_linked_to_nobody_who_allows_nothing(tmp_path, policy_of):
    consenting = "events: {anonymous_id: cookie, identify: {firstName: first_name}}"
    policy = policy_of(consenting)
    policy = attrs.evolve(
        policy, purposes=tuple(one for one in policy.purposes if one.asks), attributes=policy.attributes[:4]
    )
    with tactful.open(policy, store=f"sqlite:///{tmp_path / 'other.db'}") as edge:
        event = Event("1", IDENTIFY, tactful.wall_clock(), user="u1", anonymous="a1", fields={"firstName": "Ann"})
        assert edge.hear([event]) == {Fate.NOT_ALLOWED: 2}
        assert edge._store.identify({"cookie": "a1"}) is None


def test_two_known_customers_are_never_joined_by_an_event(hear, edge, known):
    hear(user="u1", **sized(43), preferences=YES)
    hear(user="u2", **sized(38), preferences=YES)
    assert hear(EventKind.ALIAS, user="u2", previous="u1") == {Fate.TWO_CUSTOMERS: 1}
    assert (known("u1"), known("u2")) == ({"shoe_size": 43}, {"shoe_size": 38})
    assert edge._store.identify({"customer": "u1"}).customer == "u1"


def test_but_the_policy_can_allow_it(tmp_path, policy_of):
    with tactful.open(
        policy_of("events: {merge_users: true, page: {Home: {counts_as: visit}}}"),
        store=f"sqlite:///{tmp_path / 'other.db'}",
    ) as edge:
        now_us = tactful.wall_clock()
        edge.hear([Event("1", EventKind.PAGE, now_us, user="u1", name="Home")])
        assert edge.hear([Event("2", EventKind.ALIAS, now_us, user="u2", previous="u1")]) == {Fate.KEPT: 1}
        assert edge._store.identify({"customer": "u1"}).customer == "u2"
        assert edge.hear([Event("3", EventKind.ALIAS, now_us, user="u2", previous="u1")]) == {Fate.REPEATED: 1}


def test_nobody_can_pass_for_an_anonymous_device(hear, edge):
    hear(user="", anonymous="a1", **sized(), preferences=YES)
    alone = edge._store.identify({"cookie": "a1"}).customer
    assert hear(user=alone, **sized(), preferences=YES) == {Fate.NOBODY: 1}
    assert hear(EventKind.ALIAS, user="u2", previous=alone, preferences=YES).get(Fate.TWO_CUSTOMERS) == 1


def test_without_an_identifier_for_them_anonymous_ids_are_not_kept(tmp_path, policy_of):
    with tactful.open(
        policy_of("events: {page: {Home: {counts_as: visit}}}"), store=f"sqlite:///{tmp_path / 'other.db'}"
    ) as edge:
        page = Event("1", EventKind.PAGE, tactful.wall_clock(), anonymous="a1", name="Home")
        assert edge.hear([page]) == {Fate.NOBODY: 1}


# once


def test_an_event_takes_effect_once_whenever_and_wherever_it_comes_again(hear, edge, contacts, known, policy_of):
    told = {"id": "same", "name": "Order Completed", "fields": {"size": 43}, "preferences": YES}
    assert hear(**told) == {Fate.KEPT: 1}
    assert hear(at=1, name="Size Chosen", fields={"size": None}) == {Fate.KEPT: 1}
    assert hear(**told) == {Fate.REPEATED: 1}
    assert (contacts("u1"), known("u1")) == (["purchase"], {})
    with tactful.open(policy_of(), store=edge._store) as other:
        event = Event("same", TRACK, tactful.wall_clock(), user="u1", name="Order Completed", preferences=YES)
        assert other.hear([event]) == {Fate.REPEATED: 1}


@pytest.mark.parametrize("broken", ["amend_profile", "record", "link"])
def test_what_failed_half_way_is_whole_when_it_comes_again(hear, edge, contacts, known, monkeypatch, broken):
    told = {"id": "same", "name": "Order Completed", "fields": {"size": 43}, "preferences": YES, "anonymous": "a1"}

    def failing(*_, **__):
        raise tactful.StoreError("full")

    with monkeypatch.context() as patch:
        patch.setattr(type(edge._store), broken, failing)
        with pytest.raises(tactful.StoreError):
            hear(**told)
    assert hear(**told) == {Fate.KEPT: 1}
    assert (contacts("u1"), known("u1")) == (["purchase"], {"shoe_size": 43})
    assert edge._store.identify({"cookie": "a1"}).customer == "u1"


EVENTS = st.builds(
    Event,
    id=st.sampled_from("abcdefgh"),
    kind=st.sampled_from([IDENTIFY, TRACK, EventKind.ALIAS]),
    at_us=st.integers(1, 50).map(lambda one: 1_790_000_000 * US + one),
    user=st.sampled_from(["", "u1", "u2"]),
    anonymous=st.sampled_from(["", "a1", "a2"]),
    name=st.sampled_from(["Size Chosen", "Order Completed"]),
    fields=st.dictionaries(
        st.sampled_from(["size", "firstName", "shoe"]), st.sampled_from([None, 43, "x", {"size": 41}])
    ),
    preferences=st.dictionaries(st.sampled_from(["Advertising", "Functional"]), st.booleans()),
    previous=st.sampled_from(["", "u1", "a1"]),
)


def state(store):
    """All that a store holds of the customers, but for when it was written."""
    whose = {one: store.identify({"cookie": one}) for one in ("a1", "a2")}
    of = {}
    for customer in ("u1", "u2", *(found.customer for found in whose.values() if found)):
        profile, consents = store.profile(customer), store.consents(customer)
        of[customer] = (
            profile and dict(profile.attributes),
            consents and consents.records,
            sorted(one.id for one in store.contacts(customer, 0)),
        )
    return whose, of


@settings(max_examples=60, deadline=None)
@given(events=st.lists(EVENTS, max_size=12, unique_by=lambda event: event.id))
def test_a_replay_changes_nothing(policy_of_shared, events):
    store = tactful.MemoryStore()
    with tactful.open(policy_of_shared, store=store) as edge:
        for event in events:
            edge.hear([event])
            before = state(store)
            edge.hear([event])
            assert state(store) == before, event.kind


@settings(max_examples=60, deadline=None)
@given(events=st.lists(EVENTS, max_size=12, unique_by=lambda event: event.id))
def test_nothing_of_a_purpose_is_kept_after_a_no_that_nothing_took_back(policy_of_shared, events):
    """Whatever comes: a customer of whom a newest word is a no gets no new value for that purpose."""
    store = tactful.MemoryStore()
    with tactful.open(policy_of_shared, store=store) as edge:
        edge._store.add_consent("u1", Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, 1_790_000_100 * US))
        edge.hear(events)
        found = store.profile("u1")
        kept = {} if found is None else {name for name in found.attributes if name != "newsletter"}
        assert not kept or any(event.anonymous for event in events)  # a device's own history can join


@pytest.fixture(scope="module")
def policy_of_shared():
    from tactful.authoring import compile_files  # noqa: PLC0415

    from .conftest import EVENTS as SECTION  # noqa: PLC0415
    from .conftest import SHOP  # noqa: PLC0415

    return compile_files({"policy.yaml": SHOP.encode(), "events.yaml": SECTION.encode()})


# snapshots of others


def test_a_snapshot_of_the_centre_keeps_its_age_and_one_of_events_alone_does_not_grow_old(hear, edge):
    now_us = tactful.wall_clock()
    edge._store.put_profile(
        Snapshot("u5", now_us - 5 * US, {"visits": Observation(3, Source.OBSERVED, now_us)}, epoch=4)
    )
    hear(user="u5", **sized(), preferences=YES)
    assert edge._store.profile("u5").at_us == now_us - 5 * US
    hear(user="u6", **sized(), preferences=YES)
    made_us = edge._store.profile("u6").at_us
    hear(user="u6", at=1, **sized(44), preferences=YES)
    assert edge._store.profile("u6").at_us > made_us


def test_profiles_that_are_somebody_elses_take_no_events(policy_of):
    with (
        tactful.open(policy_of(), profiles=lambda customer: None) as edge,
        pytest.raises(tactful.UsageError, match="hear"),
    ):
        edge.hear([])
