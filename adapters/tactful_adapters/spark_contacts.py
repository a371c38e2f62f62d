"""Contacts as a column of a Spark table: what caps count. It counts nothing."""

import datetime as dt
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import attrs

from tactful import Contact, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NEEDED: Final = ("event", "at")
_OTHERS: Final = tuple(
    one.name for one in attrs.fields(Contact) if one.name not in ("customer", "event", "at_us", "until_us")
)
#: What a contact in a column can have.
CONTACT_FIELDS: Final = (*_NEEDED, *_OTHERS)
_TEXTS: Final = ("event", "topic", "offer", "treatment", "placement", "channel", "owner", "intent", "offer_class")
#: The columns of contacts that a campaign made.
SHOWN_COLUMNS: Final = (
    "id",
    "customer",
    "event",
    "at",
    "topic",
    "offer",
    "treatment",
    "placement",
    "channel",
    "owner",
    "tags",
    "intent",
    "offer_class",
)


def us_of(at: dt.datetime) -> int:
    """
    Return a moment [us since 1970].

    Raises:
        UsageError: If it has no time zone.
    """
    if at.tzinfo is None:
        raise UsageError("at= needs a time zone: datetime.now(UTC), for example")
    return (at - _EPOCH) // dt.timedelta(microseconds=1)


def check_contacts(schema: Any, column: str) -> None:
    """
    Refuse a column of contacts that is none.

    Args:
        schema: The Spark schema.
        column: The column's name.

    Raises:
        UsageError: If it is no array of structs, or a field is not one of a contact's.
    """
    types = import_module("pyspark.sql.types")
    found = next((one.dataType for one in schema.fields if one.name == column), None)
    if found is None:
        raise UsageError(f"column {column!r}: there is none; contacts= names the column of the customers' contacts")
    inner: Any = found.elementType if isinstance(found, types.ArrayType) else None
    if not isinstance(inner, types.StructType):
        raise UsageError(f"column {column!r}: contacts are an array of structs, not {found.simpleString()}")
    wanted = {name: types.StringType() for name in CONTACT_FIELDS}
    wanted |= {"at": types.TimestampType(), "tags": types.ArrayType(types.StringType())}
    for one in inner.fields:
        if one.name not in wanted:
            raise UsageError(f"column {column!r}: a contact has no field {one.name!r}; it can have {', '.join(wanted)}")
        is_, should = one.dataType.simpleString(), wanted[one.name].simpleString()
        if is_ != should:
            raise UsageError(f"column {column!r}: the field {one.name!r} is {should}, not {is_}")
    for name in _NEEDED:
        if name not in inner.names:
            raise UsageError(f"column {column!r}: a contact needs the field {name!r}")


def contacts_by_customer(ids: "pa.ChunkedArray", column: "pa.ChunkedArray", name: str) -> dict[str, list[Contact]]:
    """
    Return the contacts of a batch's customers who have any.

    Args:
        ids: The customers.
        column: Their contacts.
        name: The column's name.

    Raises:
        UsageError: If a contact has no event or no moment.
    """
    pa, compute = import_module("pyarrow"), import_module("pyarrow.compute")
    lists = column.combine_chunks()
    owners = ids.combine_chunks().take(compute.list_parent_indices(lists)).to_pylist()
    flat = compute.list_flatten(lists)
    fields = {one.name: compute.struct_field(flat, one.name) for one in flat.type}
    if fields["event"].null_count or fields["at"].null_count:
        raise UsageError(f"column {name!r}: a contact has no event or no moment")
    count = len(owners)
    moments_us = fields.pop("at").cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
    ids_ = fields.pop("id").to_pylist() if "id" in fields else [None] * count
    tags = fields.pop("tags").to_pylist() if "tags" in fields else [None] * count
    texts = (compute.fill_null(fields[one], "").to_pylist() if one in fields else [""] * count for one in _TEXTS)
    found: dict[str, list[Contact]] = {}
    for id_, customer, at_us, has, *told in zip(ids_, owners, moments_us, tags, *texts, strict=True):
        theirs = found.setdefault(customer, [])
        event, topic, offer, treatment, placement, channel, owner, intent, offer_class = told
        theirs.append(
            Contact(
                f"{customer}/{len(theirs)}" if id_ is None else id_,
                customer,
                event,
                at_us,
                topic,
                offer,
                treatment,
                placement,
                channel,
                owner,
                tuple(has or ()),
                intent=intent,
                offer_class=offer_class,
            )
        )
    return found
