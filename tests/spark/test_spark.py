"""Spark decides as `decide_many` does, for each customer once; what it cannot decide is refused before the job."""

import datetime as dt

import attrs
import pyarrow as pa
import pytest
from tests.spark.conftest import CONTACT, NOW, NOW_US, POLICY, bundle, frame, history, rows

import tactful
from tactful import BundleError, Contact, MemoryStore, Observation, Snapshot, Source, UsageError
from tactful.bundle import make_keys
from tactful_adapters.spark import Campaign, Progress

# Spark's own remark; nothing here goes through pandas.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")
COUNT = 600
COLUMNS = ("customer", "placement", "slot", "offer", "treatment", "tone", "basis", "worth")


@pytest.fixture(scope="module")
def campaign(spark, keys):
    return Campaign("letter", bundle(keys), key=keys[1], tenant="shop", at=NOW)


@pytest.fixture(scope="module")
def decided(spark, campaign):
    """Return the rows of a whole job, and who counted."""
    progress = Progress(spark)
    made = campaign.decide(frame(spark, COUNT), contacts="contacts", partitions=8, progress=progress)
    return [row.asDict() for row in made.collect()], progress


def contacts_of(count):
    return {
        customer: [
            Contact(id_, customer, event, round(at.timestamp() * 1e6), topic=topic, offer=offer, channel=channel)
            for id_, event, at, topic, offer, channel in seen
        ]
        for customer, seen in history(count).items()
    }


def many(keys, count=COUNT):
    """Return what `decide_many` says in one process."""
    names = ["customer", "visits", "visits.at", "name", "likes", "consent.offers"]
    types = [pa.string(), pa.int64(), pa.timestamp("us", "UTC"), pa.string()]
    schema = pa.schema(list(zip(names, [*types, pa.map_(pa.string(), pa.float64()), pa.string()], strict=True)))
    given = [dict(zip(names, row, strict=True)) for row in rows(count)]
    with tactful.open(bundle(keys), key=keys[1], clock=lambda: NOW_US) as edge:
        table = pa.Table.from_pylist(given, schema=schema)
        return edge.decide_many("letter", table, contacts=contacts_of(count)).table.to_pylist()


def plain(found):
    return sorted(tuple(row[name] for name in COLUMNS) for row in found)


# the same decisions


def test_it_decides_as_decide_many_does(decided, keys):
    expected = plain(many(keys))
    assert plain(decided[0]) == expected
    assert len({row[3:6] for row in expected}) == 5  # they differ from one another


def test_each_customer_gets_what_decide_says(decided, keys):
    found = plain(decided[0])
    with tactful.open(bundle(keys), key=keys[1], clock=lambda: NOW_US) as edge:
        for customer, visits, at, name, likes, consent in rows(90):
            at_us = round(at.timestamp() * 1e6)
            known = {"visits": (visits, at_us), "name": (name, NOW_US), "likes": (likes, NOW_US)}
            seen = {
                one: Observation(value, Source.OBSERVED, us) for one, (value, us) in known.items() if value is not None
            }
            decision = edge.decide(
                "letter",
                customer,
                profile=Snapshot(customer, NOW_US, seen),
                consents={} if consent is None else {"offers": consent},
                contacts=contacts_of(90).get(customer, ()),
            )
            picks = [
                (customer, one.placement, slot, one.offer, one.treatment, one.tone.name, one.basis.name, one.worth)
                for slot, one in enumerate(decision.picks)
            ]
            assert [row for row in found if row[0] == customer] == picks, customer


def test_contacts_in_a_column_are_what_caps_count(decided):
    of_spades = {row["customer"] for row in decided[0] if row["offer"] == "spade"}
    assert "c0003" not in of_spades  # saw it twice yesterday
    assert {"c0001", "c0006"} <= of_spades  # never, and long ago


def test_the_bundle_is_opened_once_for_each_python_process(decided):
    assert decided[1].opened == len(decided[1].processes)
    assert 2 <= decided[1].opened < 8  # two executors of one core, eight parts


def test_progress_counts_every_customer(decided):
    assert decided[1].done == COUNT
    assert decided[1].careful == ()


def test_reasons_to_be_careful_come_back_from_the_workers(spark, campaign):
    progress = Progress(spark)
    customers = frame(spark, 40).selectExpr(
        "customer", "'often' as visits", "'perhaps' as `consent.offers`", "contacts"
    )
    campaign.decide(customers, contacts="contacts", progress=progress).collect()
    assert progress.careful == (
        "consent to offers is not understood in some rows: refused",
        "profile.visits does not fit its type in some rows",
    )


def test_ids_and_rows_are_the_same_in_another_cut_and_another_order(spark, campaign, decided):
    again = campaign.decide(frame(spark, COUNT, partitions=3), contacts="contacts", partitions=2).collect()
    assert plain(decided[0]) == plain(row.asDict() for row in again)
    ids = {(row["customer"], row["decision"]) for row in decided[0]}
    assert {(row["customer"], row["decision"]) for row in again} == ids
    assert len({decision for _, decision in ids}) == len(ids)


def test_another_moment_has_other_ids(spark, keys, decided):
    later = Campaign("letter", bundle(keys), key=keys[1], at=NOW + dt.timedelta(microseconds=1))
    found = later.decide(frame(spark, 40), contacts="contacts").collect()
    assert found
    assert not {row["decision"] for row in decided[0]} & {row["decision"] for row in found}


def test_the_moment_is_fixed_when_the_campaign_is_made(spark, keys):
    with_spring = Campaign("letter", bundle(keys), key=keys[1], at=NOW)
    without = Campaign("letter", bundle(keys), key=keys[1], at=NOW + dt.timedelta(days=8))
    customers = frame(spark, 40)
    assert any(row["offer"] == "spring" for row in with_spring.decide(customers, contacts="contacts").collect())
    assert not any(row["offer"] == "spring" for row in without.decide(customers, contacts="contacts").collect())


def test_no_customer_at_all_is_no_row(spark, campaign):
    assert campaign.decide(frame(spark, 5).limit(0), contacts="contacts").collect() == []


# each customer once


def test_a_customer_with_two_rows_in_different_parts_fails_the_job(spark, campaign):
    twice = frame(spark, 200).union(frame(spark, 1))
    with pytest.raises(Exception, match="a customer who has one already"):
        campaign.decide(twice, contacts="contacts", partitions=4).collect()


def test_who_vouches_for_it_gets_the_same_without_a_shuffle(spark, campaign, decided):
    made = campaign.decide(frame(spark, COUNT), contacts="contacts", each_once=True)
    assert plain(row.asDict() for row in made.collect()) == plain(decided[0])
    plan = made._jdf.queryExecution().executedPlan().toString()
    assert plan.count("Exchange") == 1  # that of the frame itself


def test_a_row_without_a_customer_fails_the_job(spark, campaign):
    nobody = frame(spark, 10).selectExpr("nullif(customer, 'c0003') as customer", "contacts")
    with pytest.raises(Exception, match="column 'customer': 1 rows have none"):
        campaign.decide(nobody, contacts="contacts").collect()


# what is refused, before any job


def refused(spark, keys, text):
    made = Campaign("letter", bundle(keys, text), key=keys[1], at=NOW)
    with pytest.raises(UsageError) as caught:
        made.decide(frame(spark, 3), contacts="contacts")
    return str(caught.value)


def test_a_wrong_signature_refuses_the_campaign(spark, keys):
    with pytest.raises(BundleError) as caught:
        Campaign("letter", bundle(keys), key=make_keys()[1], at=NOW)
    assert caught.value.code == "bundle-unpinned"


def test_a_worker_verifies_the_signature_itself(spark, keys, campaign, monkeypatch):
    altered = bytearray(bundle(keys))
    altered[-100] ^= 1
    mine = Campaign("letter", bundle(keys), key=keys[1], at=NOW + dt.timedelta(seconds=9))
    monkeypatch.setattr(mine, "_raw", bytes(altered))
    with pytest.raises(Exception, match=r"tactful\.errors\.BundleError"):
        mine.decide(frame(spark, 30), contacts="contacts").collect()


def test_a_worker_that_is_more_careful_than_the_driver_fails_the_job(spark, keys, monkeypatch):
    mine = Campaign("letter", bundle(keys), key=keys[1], at=NOW + dt.timedelta(seconds=8))
    monkeypatch.setattr(mine, "_job", attrs.evolve(mine._job, careful=("a guardrail is broken",)))
    with pytest.raises(Exception, match="a worker decides otherwise than the driver: a guardrail is broken"):
        mine.decide(frame(spark, 30), contacts="contacts").collect()


def test_a_bundle_that_is_older_than_the_highest_epoch_is_refused(spark, keys):
    store = MemoryStore()
    Campaign("letter", bundle(keys, epoch=8), key=keys[1], store=store, at=NOW)
    with pytest.raises(BundleError) as caught:
        Campaign("letter", bundle(keys, epoch=7), key=keys[1], store=store, at=NOW)
    assert caught.value.code == "bundle-older"


def test_a_column_that_the_policy_does_not_know_is_refused_with_the_nearest_name(spark, campaign):
    customers = frame(spark, 3).withColumnRenamed("visits", "visit")
    with pytest.raises(UsageError, match="column 'visit': the policy has no such attribute or purpose; did you mean"):
        campaign.decide(customers, contacts="contacts")
    with pytest.raises(UsageError, match="column 'customer' is missing"):
        campaign.decide(frame(spark, 3).select("visits", "contacts"), contacts="contacts")


def test_a_column_of_a_wrong_type_is_refused(spark, campaign):
    with pytest.raises(UsageError, match="likes"):
        campaign.decide(frame(spark, 3).selectExpr("customer", "1 as likes", "contacts"), contacts="contacts")


@pytest.mark.parametrize(
    ("cap", "reason"),
    [
        ("{of: offer, per: everyone, count: 9, within: day}", "everyone"),
        ("{of: offer, per: household, count: 2, within: 7d}", "household"),
        ("{of: offer, count: 2, within: 7d, strict: true}", "strict"),
    ],
)
def test_caps_that_need_other_customers_or_a_centre_are_refused_with_the_way_out(spark, keys, cap, reason):
    said = refused(spark, keys, POLICY + f"caps: {{one: {cap}}}\n")
    assert reason in said
    assert "edge.decide_many" in said


def test_caps_without_contacts_are_refused(spark, campaign):
    with pytest.raises(UsageError, match="contacts= names the column"):
        campaign.decide(frame(spark, 3).drop("contacts"))


def test_without_caps_no_contacts_are_needed(spark, keys):
    made = Campaign(
        "letter", bundle(keys, POLICY + "guardrails: {comfort: off, overcrowding: off}\n"), key=keys[1], at=NOW
    )
    assert made.decide(frame(spark, 20).drop("contacts")).count() > 0


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("1", "contacts are an array of structs, not int"),
        ("array(named_struct('event', 'shown'))", "a contact needs the field 'at'"),
        ("array(named_struct('event', 'shown', 'at', current_timestamp(), 'topics', ''))", "no field 'topics'"),
        ("array(named_struct('event', 'shown', 'at', current_date()))", "the field 'at' is timestamp, not date"),
        ("array(named_struct('event', 'shown', 'at', current_timestamp(), 'tags', 'a'))", "'tags' is array<string>"),
    ],
)
def test_a_column_of_contacts_that_is_none_is_refused(spark, campaign, expression, said):
    customers = frame(spark, 3).selectExpr("customer", f"{expression} as contacts")
    with pytest.raises(UsageError, match=said):
        campaign.decide(customers, contacts="contacts")


def test_a_contact_without_an_event_fails_the_job(spark, campaign):
    made = "array(named_struct('event', cast(null as string), 'at', current_timestamp()))"
    customers = frame(spark, 3).selectExpr("customer", f"{made} as contacts")
    with pytest.raises(Exception, match="a contact has no event or no moment"):
        campaign.decide(customers, contacts="contacts").collect()


def test_other_mistakes_are_named(spark, keys, tmp_path):
    with pytest.raises(UsageError, match="placement 'lettre' is not in the policy"):
        Campaign("lettre", bundle(keys), key=keys[1], at=NOW)
    with pytest.raises(UsageError, match="time zone"):
        Campaign("letter", bundle(keys), key=keys[1], at=NOW.replace(tzinfo=None))
    with pytest.raises(UsageError, match="a bundle's file or its bytes"):
        Campaign("letter", tmp_path, key=keys[1])
    with pytest.raises(BundleError, match="give a bundle's file"):
        Campaign("letter", tmp_path / "none.bundle", key=keys[1])


# recording


def test_what_was_written_becomes_contacts_each_once_in_effect(spark, campaign, decided, tmp_path):
    made = campaign.decide(frame(spark, COUNT), contacts="contacts")
    made.write.parquet(str(tmp_path / "letters"))
    written = spark.read.parquet(str(tmp_path / "letters"))
    twice = campaign.contacts(written.union(written)).collect()  # a job that was run twice by mistake
    assert sorted(row["id"] for row in twice) == sorted(
        f"{row['decision']}/{row['slot']}/{row['offer']}/shown" for row in decided[0]
    )
    spade = next(row for row in twice if row["offer"] == "spade")
    assert (spade["topic"], spade["owner"], spade["tags"], spade["channel"]) == ("garden", "garden", ["tools"], "email")
    assert spade["at"].timestamp() == NOW.timestamp()


def test_the_next_campaign_counts_the_contacts_of_the_last_ones(spark, keys):
    customers = frame(spark, 60).drop("contacts")
    none = customers.selectExpr("*", f"cast(array() as array<{CONTACT}>) as contacts")
    shown, found = None, []
    for hours in range(3):
        now = Campaign("letter", bundle(keys), key=keys[1], at=NOW + dt.timedelta(hours=hours))
        given = none if shown is None else customers.join(_by_customer(shown), "customer", "left")
        found.append(now.decide(given, contacts="contacts").localCheckpoint())
        shown = now.contacts(found[-1]) if shown is None else shown.union(now.contacts(found[-1]))
    spades = [{row["customer"] for row in one.collect() if row["offer"] == "spade"} for one in found]
    assert spades[0] == spades[1] != set()
    assert spades[2] == set()  # twice a week is the cap
    forgetful = now.decide(none, contacts="contacts").collect()  # the control: without contacts nothing is counted
    assert {row["customer"] for row in forgetful if row["offer"] == "spade"} == spades[0]


def _by_customer(shown):
    grouped = shown.selectExpr("customer", "struct(id, event, at, topic, offer, channel) as one").groupBy("customer")
    return grouped.agg({"one": "collect_list"}).withColumnRenamed("collect_list(one)", "contacts")


def test_contacts_of_a_partners_offers_are_refused(spark, keys):
    text = POLICY.replace("{offers: consent}", "{offers: {basis: consent, partner: bank}}")
    made = Campaign("letter", bundle(keys, text), key=keys[1], at=NOW)
    with pytest.raises(UsageError, match="'bread' passes on to a partner"):
        made.contacts(None)
