"""Coupons as rows of the policy: what each is about, when it runs, what it is worth. Made from the data, then reviewed.

`python -m grocery.coupons` (in examples/) writes policy/coupons.csv as of the day of the demo.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from .affinity import Affinities
from .journey import Journey, date_of, day_of, load

#: The day of the demo: five campaigns run, one of them large and new.
DEMO_DAY = day_of("2017-11-01")
FILE = Path(__file__).with_name("policy") / "coupons.csv"
COLUMNS = ("id", "coupon", "campaign", "starts", "ends", "topic", "title", "value")


def running(journey: Journey, affinities: Affinities, day: int) -> Iterator[dict[str, object]]:
    """Yield a row for each coupon of each campaign that runs on a day, with its value as of the day."""
    values = affinities.values(day)
    for row in rows(journey, day):
        if row["starts"] <= date_of(day) <= row["ends"]:
            yield {**row, "value": round(float(values[affinities.place(int(row["coupon"][1:]))]), 4)}


def rows(journey: Journey, day: int | None = None) -> Iterator[dict[str, str]]:
    """
    Yield a row for each coupon of each campaign, of value 1.

    Args:
        journey: The data.
        day: Titles and topics come from what was sold before this day; None counts no sales.
    """
    about = _about(journey, day)
    pairs = journey.coupon_products[["coupon", "campaign"]].drop_duplicates().sort_values(["campaign", "coupon"])
    for coupon, campaign in pairs.to_numpy().tolist():
        window = journey.campaigns[campaign]
        topic, title = about[coupon]
        yield {
            "id": f"u{coupon}-c{campaign}",
            "coupon": f"u{coupon}",
            "campaign": f"c{campaign}",
            "starts": date_of(window.start),
            "ends": date_of(window.end),
            "topic": topic,
            "title": title,
            "value": "1",
        }


def of_the_year(journey: Journey, affinities: Affinities) -> Iterator[dict[str, object]]:
    """Yield a row for each coupon of each campaign of the year, with its value as of the day on which it began."""
    starts = {date_of(campaign.start): max(campaign.start, 0) for campaign in journey.campaigns.values()}
    values = {date: affinities.values(day) for date, day in starts.items()}
    for row in rows(journey):
        value = values[row["starts"]][affinities.place(int(row["coupon"][1:]))]
        yield {**row, "value": round(float(value), 4)}


def written(found: Iterable[dict[str, object]] | Iterable[dict[str, str]]) -> bytes:
    """Return rows as a CSV file."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue().encode()


def _about(journey: Journey, day: int | None) -> dict[int, tuple[str, str]]:
    """Return, by coupon, the topic that most of its products are about, and a title from their words."""
    sold = journey.lines.loc[journey.lines["day"] < (day or 0), "product"].value_counts().rename("sold")
    pairs = journey.coupon_products[["coupon", "product"]].drop_duplicates()
    joined = pairs.merge(journey.products, on="product").merge(sold, on="product", how="left")
    joined["weight"] = joined["sold"].fillna(0) + 0.01  # what was never sold counts by its number
    topic = _heaviest(joined, "topic")
    words = _heaviest(joined, "words")
    kinds = joined.groupby("coupon")["words"].nunique()
    few = 2  # of one or two kinds, one word is enough
    return {
        int(coupon): (str(topic[coupon]), f"Save on {words[coupon]}{' and more' if kinds[coupon] > few else ''}")
        for coupon in kinds.index
    }


def _heaviest(joined: pd.DataFrame, column: str) -> "pd.Series[str]":
    weights = joined.groupby(["coupon", column], observed=True)["weight"].sum().reset_index().sort_values("weight")
    return weights.drop_duplicates("coupon", keep="last").set_index("coupon")[column]


def main() -> None:
    """Write the coupons of the demo's day into the policy."""
    journey = load()
    FILE.write_bytes(written(running(journey, Affinities(journey), DEMO_DAY)))


if __name__ == "__main__":
    main()
