"""What is decided as of a day rests on what happened before it: another future changes nothing, another past does."""

import attrs
import numpy as np
import pandas as pd
import pytest

from grocery.affinity import Affinities
from grocery.books import Books
from grocery.households import Households
from grocery.journey import CATEGORIES, date_of, day_of, moment_of
from grocery.variants import grocer

DAY = day_of("2017-06-20")
SOME = (1, 40, 110, 123, 1000, 2000)


@pytest.fixture(scope="module")
def other_future(journey):
    """The data with all that happened on the day or after it replaced by something else."""
    generator = np.random.default_rng(7)
    lines = journey.lines.copy()
    later = (lines["day"] >= DAY).to_numpy()
    for column in ("product", "store", "sales", "topic", "own", "hour"):
        lines.loc[later, column] = generator.permutation(lines.loc[later, column].to_numpy())
    lines.loc[later, "test"] = True
    redemptions = journey.redemptions.copy()
    late = (redemptions["day"] >= DAY).to_numpy()
    redemptions.loc[late, "coupon"] = generator.permutation(redemptions.loc[late, "coupon"].to_numpy())
    return attrs.evolve(journey, lines=lines, redemptions=redemptions[~late | (redemptions.index % 2 == 0)])


@pytest.fixture(scope="module")
def other_past(journey):
    """The data with what was bought before the day dealt out anew, and every second redemption gone."""
    lines = journey.lines.copy()
    before = (lines["day"] < DAY).to_numpy()
    generator = np.random.default_rng(7)
    for column in ("product", "topic", "sales"):
        lines.loc[before, column] = generator.permutation(lines.loc[before, column].to_numpy())
    return attrs.evolve(journey, lines=lines, redemptions=journey.redemptions[journey.redemptions.index % 2 == 0])


def everything(journey):
    """All that a decision as of the day is made of, and books of coupons that were decided by it."""
    affinities = Affinities(journey)
    households = Households(journey, affinities)
    with Books(journey, affinities, households) as books:
        known = [households.as_of(number, DAY) for number in SOME]
        return (
            [(one.snapshot.at_us, one.snapshot.attributes, one.consents, one.contacts) for one in known],
            affinities.values(DAY).tolist(),
            affinities.bought(DAY).tolist(),
            affinities.redeemed(DAY).tolist(),
            [books.of(number, DAY) for number in SOME],
        )


@pytest.fixture(scope="module")
def as_it_was(journey):
    return everything(journey)


def test_changing_the_future_changes_nothing(as_it_was, other_future, journey):
    assert not other_future.lines.equals(journey.lines)
    assert everything(other_future) == as_it_was


def test_changing_the_past_changes_everything(as_it_was, other_past):
    changed = everything(other_past)
    assert all(new != old for new, old in zip(changed, as_it_was, strict=True))


def test_the_books_are_not_empty(as_it_was):
    free = [first for first, _ in as_it_was[-1]]
    assert sum(map(bool, free)) >= len(SOME) // 2


def test_times_are_those_of_new_york(journey):
    first = pd.Timestamp(journey.lines["at_us"].min(), unit="us", tz="UTC").tz_convert("America/New_York")
    assert f"{first:%Y-%m-%d %H:%M}" == "2017-01-01 06:53"
    assert journey.lines["hour"].value_counts().idxmax() in (17, 18)
    assert journey.lines["day"].min() == 0
    assert journey.lines["day"].max() == 364
    # Noon is 17:00 UTC in winter and 16:00 in summer.
    assert pd.Timestamp(moment_of(day_of("2017-01-05")), unit="us").hour == 17
    assert pd.Timestamp(moment_of(DAY), unit="us").hour == 16
    assert date_of(DAY) == "2017-06-20"


def test_dirty_lines_are_left_out_and_counted(journey):
    assert (journey.lines["sales"] > 0).all()
    assert sum(journey.dropped.values()) > 11_000


def test_every_category_of_products_has_a_topic_of_the_policy_and_words(journey):
    table = pd.read_csv(CATEGORIES)
    assert set(journey.products["category"].dropna()) == set(table["category"])
    assert set(table["topic"]) <= {topic.name for topic in grocer().topics}
    assert table["words"].notna().all()


@pytest.mark.parametrize(
    ("category", "topic"),
    [
        ("FAMILY PLANNING", "family_planning"),
        ("FEMININE HYGIENE", "feminine_care"),
        ("ADULT INCONTINENCE", "incontinence"),
        ("SMOKING CESSATIONS", "quit_smoking"),
        ("ANALGESICS", "medication"),
        ("INFANT FORMULA", "baby"),
        ("RESTRICTED DIET", "diet"),
        ("ETHNIC PERSONAL CARE", "ethnic_care"),
        ("DOMESTIC WINE", "alcohol"),
        ("TICKETS", "lottery"),
    ],
)
def test_what_is_sensitive_is_told_apart(journey, category, topic):
    assert set(journey.products.loc[journey.products["category"] == category, "topic"]) == {topic}
