"""A table of the shop's customers, each many times under ids of their own. It times nothing."""

import pyarrow as pa

from .drawn import ATTRIBUTES
from .shop import Shop

_TIME = pa.timestamp("us", "UTC")


def table_of(shop: Shop, count: int) -> "pa.Table":
    """Return so many customers as `edge.decide_many` takes them."""
    snapshots = [shop.customers[number % len(shop.customers)] for number in range(count)]
    columns = {
        "customer": pa.array([f"m{number}" for number in range(count)]),
        "made_at": pa.array([one.at_us for one in snapshots], type=_TIME),
        "consents_at": pa.array([shop.consents.at_us] * count, type=_TIME),
        "consent.offers": pa.array(["explicit"] * count),
        "consent.offers.at": pa.array([shop.consents.records[0].at_us] * count, type=_TIME),
    }
    types = {f"a{number}": pa.int64() for number in range(ATTRIBUTES)} | {"scores": pa.map_(pa.string(), pa.float64())}
    for name, type_ in types.items():
        seen = [one.attributes[name] for one in snapshots]
        columns[name] = pa.array([one.value for one in seen], type=type_)
        columns[f"{name}.at"] = pa.array([one.at_us for one in seen], type=_TIME)
    return pa.table(columns)
