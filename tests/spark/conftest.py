"""Spark with two executor processes, where Java and pyspark are."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from grocery.cluster import cluster, lacking
from tactful.authoring import compile_files
from tactful.bundle import make_keys, write

ROOT = Path(__file__).parents[2]
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
NOW_US = round(NOW.timestamp()) * 1_000_000
DAY_US = 86_400_000_000
POLICY = """
name: Olive shop
channels: {email: private}
placements: {letter: {channel: email, slots: 3}}
topics: {food: {}, garden: {}}
purposes: {offers: consent}
ranking: {affinity: likes, absent: 0.5, ceiling: 3}
profile:
  shop:
    all: {owner: crm, purpose: offers, source: observed}
    visits: {type: int, max_age: 30d, say: how often you visit}
    name: {type: text, say: your name}
    likes: scores
offers:
  all: {intent: sell, topic: food, purpose: offers}
  bread: {value: 1, affinity: bread, treatments: [Bread]}
  olives:
    value: 2
    affinity: olives
    when: profile.visits >= 5
    treatments: [Olives, {title: "{profile.name}'s olives", lift: 2}]
  spade: {value: 1.5, topic: garden, owner: garden, tags: [tools], treatments: [A spade]}
  spring: {value: 1.2, run: {from: 2026-03-01, to: 2026-03-09}, treatments: [Spring]}
"""
CAPS = "caps: {twice: {of: offer, count: 2, within: 7d}}\n"
SCHEMA = (
    "customer string, visits bigint, `visits.at` timestamp, name string, likes map<string,double>, "
    "`consent.offers` string"
)
CONTACT_TYPE = pa.list_(
    pa.struct(
        {"event": pa.string(), "at": pa.timestamp("us", "UTC"), "topic": pa.string(), "tags": pa.list_(pa.string())}
    )
)


@pytest.fixture(scope="session")
def spark():
    if reason := lacking():
        pytest.skip(reason)
    settings = {
        "spark.sql.adaptive.enabled": "false",  # few rows would become one part, for one executor
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "50",  # several batches in each part
    }
    with cluster(2, settings, [ROOT]) as session:
        yield session


@pytest.fixture(scope="session")
def keys():
    return make_keys()


def bundle(keys, text=POLICY + CAPS, epoch=7):
    policy = compile_files({"policy.yaml": text.encode()})
    return write(
        policy,
        private_key=keys[0],
        tenant="shop",
        epoch=epoch,
        issued_us=NOW_US - DAY_US,
        expires_us=NOW_US + 30 * DAY_US,
    )


def rows(count):
    """Customers of every sort, as Python has them."""
    return [
        (
            f"c{number:04}",
            number % 9 or None,
            NOW - dt.timedelta(days=number % 40),
            f"Name {number}" if number % 3 else None,
            {"olives": number % 7 / 2.0, "bread": number % 5 / 1.0} if number % 4 else None,
            ("explicit", "double_opt_in", "withdrawn", None)[number % 4 if number % 11 else 2],
        )
        for number in range(count)
    ]


def history(count):
    """Contacts by customer: some have seen the spade twice this week, some long ago."""
    seen = {}
    for number in range(0, count, 3):
        age = dt.timedelta(days=1 if number % 2 else 9)
        seen[f"c{number:04}"] = [(f"{number}/{one}", "shown", NOW - age, "garden", "spade", "email") for one in (0, 1)]
    return seen


CONTACT = "struct<id:string,event:string,at:timestamp,topic:string,offer:string,channel:string>"


def frame(spark, count=600, *, partitions=8):
    """Return customers with their contacts, spread over parts in no order."""
    seen = history(count)
    given = [(*row, seen.get(row[0], [])) for row in rows(count)]
    made = spark.createDataFrame(given, f"{SCHEMA}, contacts array<{CONTACT}>")
    return made.repartition(partitions)
