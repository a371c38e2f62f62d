"""A shop's own model as profiles and consents: what it says, what is saved, and what the checks tell."""

import threading
import traceback
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("django", reason="needs the extra django")


from django.core.checks import run_checks
from django.db import connections, router, transaction
from django.test import override_settings

import tactful
from tactful import ConsentState, How, Source
from tactful.authoring import compile_files
from tactful_adapters.django import source_signals
from tactful_adapters.django.source import Column, ConsentColumn, ModelSource, sources
from tactful_adapters.web import Site

from . import django_project
from .django_project import Person, Pet, Regular

POLICY = b"""
channels: {web: private, mail: private}
placements: {hero: {channel: web, fallback: {title: Welcome}}}
topics: {food: {}}
purposes: {offers: consent}
profile: {shop: {all: {owner: crm, purpose: offers}, visits: {type: int, max_age: 30d, say: how often you visit}}}
offers: {thanks: {intent: sell, topic: food, when: profile.visits >= 6, purpose: offers, treatments: Thanks}}
"""
NOW = datetime.now(UTC)
ATTRIBUTES = {"visits": Column("visits", at="seen_at")}
ANSWERS = [ConsentColumn("letters_ok", "offers", how="double_opt_in", at="letters_at")]


class Routed:
    def db_for_read(self, model, **_):
        return "shop"

    db_for_write = db_for_read


@pytest.fixture
def database(tmp_path):
    """What Django is told of the database: a file."""
    return {"NAME": str(tmp_path / "shop.db")}


@pytest.fixture
def shop(database):
    """A database with the model's tables."""
    connections.databases["shop"] = {**connections.databases["default"], **database}
    before, router.routers = router.routers, [Routed()]
    try:
        with connections["shop"].schema_editor() as editor:
            for model in (Person, Pet):
                editor.create_model(model)
        yield
    finally:
        connections["shop"].close()
        del connections["shop"], connections.databases["shop"]
        router.routers = before


@pytest.fixture
def ann(shop):
    return Person.objects.create(
        crm_id="ann", visits=8, seen_at=NOW, letters_ok=True, letters_at=NOW - timedelta(days=1)
    )


@pytest.fixture
def people():
    made = ModelSource(Person, who="crm_id", attributes=ATTRIBUTES, consent_columns=ANSWERS)
    yield made
    sources.discard(made)


@pytest.fixture
def kept():
    return tactful.MemoryStore()


@pytest.fixture
def edge(people, kept):
    opened = tactful.open(
        compile_files({"policy.yaml": POLICY}), store=kept, profiles=people, consents=people.beside(kept)
    )
    people.follow(opened)
    yield opened
    opened.close()


def shown(edge, customer="ann", *, warm=True):
    if warm:
        edge.warm(customer)
    return edge.decide("hero", customer).content["title"]


def withdrawn(kept, customer="ann"):
    found = kept.consents(customer)
    return [] if found is None else [one.purpose for one in found.records if one.state is ConsentState.WITHDRAWN]


def test_a_row_is_a_profile_and_consents(ann, people):
    profile, consents = people.profile("ann"), people.consents("ann")

    assert {name: one.value for name, one in profile.attributes.items()} == {"visits": 8}
    assert profile.attributes["visits"].at_us == (NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert profile.attributes["visits"].source is Source.OBSERVED
    (record,) = consents.records
    assert (record.purpose, record.state, record.how) == ("offers", ConsentState.GIVEN, How.DOUBLE_OPT_IN)


def test_it_decides(ann, edge):
    assert shown(edge) == "Thanks"
    assert shown(edge, "nobody") == "Welcome"


def no_counts_at_once(ann, edge, kept):
    """Whether a no that is saved counts for the next decision, and is kept with the notice of it."""
    assert shown(edge) == "Thanks"
    ann.letters_ok = False
    ann.save()
    is_shown = shown(edge, warm=False) == "Thanks"
    notices = [one.tags for one in kept.contacts("ann", 0)]
    return not is_shown and withdrawn(kept) == ["offers"] and notices == [("offers",)]


def test_a_no_that_is_saved_counts_for_the_next_decision_and_is_kept(ann, edge, kept):
    assert no_counts_at_once(ann, edge, kept)
    assert shown(edge) == "Welcome"


@pytest.mark.parametrize("deaf", ["withdraw", "edges_of"])
def test_the_mutants_that_do_not_hear_a_no_are_found(ann, edge, kept, monkeypatch, deaf):
    monkeypatch.setattr(source_signals, deaf, lambda *_: [])
    assert not no_counts_at_once(ann, edge, kept)


def test_a_no_counts_from_the_commit_on_and_never_after_a_rollback(ann, edge, kept):
    assert shown(edge) == "Thanks"
    ann.letters_ok = False
    with transaction.atomic(using="shop"):
        ann.save()
        transaction.set_rollback(True, using="shop")
    assert shown(edge) == "Thanks"
    assert withdrawn(kept) == []

    with transaction.atomic(using="shop"):
        ann.save()
        assert withdrawn(kept) == []
    assert withdrawn(kept) == ["offers"]


def test_what_is_not_saved_takes_nothing_back(ann, edge, kept):
    ann.letters_ok = False
    ann.note = "called"
    ann.save(update_fields=["note"])

    assert (shown(edge), withdrawn(kept)) == ("Thanks", [])


def test_a_no_is_kept_once_and_a_row_that_never_said_yes_takes_nothing_back(ann, edge, kept):
    for _ in range(3):
        ann.letters_ok = False
        ann.save()
    Person.objects.create(crm_id="bob", letters_ok=False)

    assert withdrawn(kept) == ["offers"]
    assert withdrawn(kept, "bob") == []


def test_a_no_by_a_proxy_is_heard_too(ann, edge, kept):
    regular = Regular.objects.get()
    regular.letters_ok = None
    regular.save()

    assert withdrawn(kept) == ["offers"]


def test_a_newer_explicit_yes_opens_it_again_and_a_mere_tick_does_not(ann, edge):
    ann.letters_ok = False
    ann.save()
    ann.letters_ok = True
    ann.save()
    assert shown(edge) == "Welcome"  # the yes is as old as before

    ann.letters_at = datetime.now(UTC) + timedelta(seconds=1)
    ann.save()
    assert shown(edge) == "Thanks"


def test_the_site_of_the_settings_hears_it_without_a_word(ann, kept):
    named = ModelSource("tactful.Person", who="crm_id", attributes=ATTRIBUTES, consent_columns=ANSWERS)
    with (
        tactful.open(
            compile_files({"policy.yaml": POLICY}), store=kept, profiles=named, consents=named.beside(kept)
        ) as edge,
        django_project.served(Site(edge=edge), ""),
    ):
        assert no_counts_at_once(ann, edge, kept)
    sources.discard(named)


def test_a_wrong_mapping_and_a_missing_site_break_no_save(ann, caplog):
    wrong = ModelSource(Person, who="crm_id", attributes={"visits": Column("visit")}, consent_columns=ANSWERS)
    ann.letters_ok = False
    ann.save()
    sources.discard(wrong)

    assert not Person.objects.get().letters_ok
    assert "could not be read" in caplog.text
    assert "nobody hears" in caplog.text


def test_an_opt_out_at_the_edge_outranks_the_table(ann, edge):
    edge.opt_out("ann", "offers")
    assert shown(edge) == "Welcome"


def test_without_a_store_that_keeps_it_the_table_says_it(ann, people):
    with tactful.open(compile_files({"policy.yaml": POLICY}), profiles=people, consents=people) as edge:
        people.follow(edge)
        assert shown(edge) == "Thanks"
        ann.letters_ok = False
        ann.save()
        assert shown(edge, warm=False) == "Welcome"
        assert shown(edge) == "Welcome"


def test_a_change_in_bulk_is_heard_when_the_customer_is_fetched_anew(ann, edge, kept):
    assert shown(edge) == "Thanks"
    Person.objects.update(letters_ok=False)

    assert edge.decide("hero", "ann").content["title"] == "Thanks"  # no signal: until refresh_s is over
    edge.forget("ann")
    assert (shown(edge), withdrawn(kept)) == ("Welcome", [])


def test_who_is_deleted_is_not_held_in_memory(ann, edge):
    assert shown(edge) == "Thanks"
    with transaction.atomic(using="shop"):
        Person.objects.filter(crm_id="ann").delete()
        assert edge.status()["customers_here"] == 1
    assert edge.status()["customers_here"] == 0
    assert shown(edge) == "Welcome"


def test_other_columns_leave_the_customer_here_and_mapped_ones_do_not(ann, edge):
    assert shown(edge) == "Thanks"
    ann.note = "called"
    ann.save()
    assert shown(edge, warm=False) == "Thanks"
    ann.visits = 2
    ann.save()
    assert shown(edge) == "Welcome"


def test_a_store_that_cannot_keep_it_breaks_no_save(ann, edge, kept, monkeypatch, caplog):
    assert shown(edge) == "Thanks"

    def failing(*_):
        raise tactful.StoreError("the disk is full", code="store-full")

    monkeypatch.setattr(kept, "add_consent", failing)
    ann.letters_ok = False
    ann.save()

    assert shown(edge) == "Welcome"
    assert "store-full" in caplog.text
    assert "ann" not in caplog.text


def test_threads_of_ours_take_a_connection_of_their_own(ann, people):
    found = []

    def ask():
        found.extend(people.profile("ann") for _ in range(2))
        connections["shop"].close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert [one.customer for one in found] == ["ann", "ann"]


@pytest.mark.parametrize("customer", ["", "x" * 9999, "ann\x00", "\ud800", "9" * 25, "1; DROP TABLE person"])
def test_an_id_that_no_row_has_is_nobody(ann, people, customer):
    assert people.profile(customer) is None
    by_number = ModelSource(Person, attributes=ATTRIBUTES)
    assert by_number.consents(customer) is None
    sources.discard(by_number)


def test_a_value_that_does_not_fit_its_field_is_told_without_it(ann, people):
    with connections["shop"].cursor() as cursor:
        cursor.execute("UPDATE tactful_person SET seen_at = %s", ["1980-13-32 00:00:00"])
    for ask in (people.profile, people.consents):
        with pytest.raises(tactful.StoreError, match="a row cannot be read") as told:
            ask("ann")
        assert "1980" not in "".join(traceback.format_exception(told.value))


def test_an_id_of_several_rows_is_refused(ann, shop):
    Person.objects.create(crm_id="bob")
    Pet.objects.create(person=ann)
    Pet.objects.create(person=ann)
    pets = ModelSource(Pet, who="person_id", attributes={"tame": Column("tame")})
    sources.discard(pets)
    with pytest.raises(tactful.StoreError, match="one row"):
        pets.profile(str(ann.pk))


def told(edge, *args, **more):
    made = ModelSource(*args, **more)
    made.follow(edge)
    try:
        return {
            one.id: (one.msg, one.hint)
            for one in run_checks()
            if one.id.startswith("tactful.") and one.id != "tactful.E001"
        }
    finally:
        sources.discard(made)


def test_a_whole_mapping_passes_the_checks(edge, shop):
    assert told(edge, "tactful.Person", who="crm_id", attributes=ATTRIBUTES, consent_columns=ANSWERS) == {}


@pytest.mark.parametrize(
    ("wrong", "id_", "says"),
    [
        ({"who": "crmid"}, "E004", "did you mean 'crm_id'?"),
        ({"attributes": {"visits": Column("visit", at="seen_at")}}, "E004", "did you mean 'visits'?"),
        ({"attributes": {"visits": Column("visits", at="seen")}}, "E004", "did you mean 'seen_at'?"),
        ({"attributes": {"visits": Column("visits", at="note")}}, "E005", "DateTimeField"),
        ({"attributes": {"visit": Column("visits", at="seen_at")}}, "E006", "did you mean 'visits'?"),
        (
            {"consent_columns": [ConsentColumn("letters_ok", "offer", how="explicit", at="letters_at")]},
            "E006",
            "offers",
        ),
        ({"attributes": {"visits": Column("visits")}}, "W002", "at="),
        ({"consent_columns": [ConsentColumn("letters_ok", "offers", at="letters_at")]}, "W003", "double_opt_in"),
        ({"consent_columns": [ConsentColumn("letters_ok", "offers", how="explicit")]}, "W004", "at="),
    ],
)
def test_what_is_wrong_or_left_out_is_told_with_a_hint(edge, shop, wrong, id_, says):
    found = told(edge, Person, **{"who": "crm_id", "attributes": ATTRIBUTES, "consent_columns": ANSWERS, **wrong})
    assert list(found) == [f"tactful.{id_}"]
    assert says in found[f"tactful.{id_}"][1]


def test_other_omissions_are_told(edge, shop):
    assert list(told(edge, "tactful.Persons")) == ["tactful.E003"]
    assert list(told(edge, "Persons")) == ["tactful.E003"]
    of_another = [ConsentColumn("person__letters_ok", "offers", how="explicit", at="person__letters_at")]
    assert list(told(edge, Pet, consent_columns=of_another)) == ["tactful.W006"]
    with override_settings(USE_TZ=False):
        assert list(told(edge, Person, who="crm_id", attributes=ATTRIBUTES)) == ["tactful.W005"]


def test_what_the_checks_say_is_hidden_is_hidden(ann, kept):
    for wrong in (
        {"attributes": {"visits": Column("visits")}},
        {"consent_columns": [ConsentColumn("letters_ok", "offers", at="letters_at")]},
    ):
        made = ModelSource(Person, **{"who": "crm_id", "attributes": ATTRIBUTES, "consent_columns": ANSWERS, **wrong})
        sources.discard(made)
        with tactful.open(compile_files({"policy.yaml": POLICY}), profiles=made, consents=made) as edge:
            assert shown(edge) == "Welcome"
