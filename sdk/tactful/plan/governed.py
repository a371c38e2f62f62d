"""The core's limits that govern rather than protect: holdouts, and who may read an attribute. It meets no customer."""

from collections.abc import Callable, Iterator

from ..catalog import Catalog, Entry
from ..expr import TRUE, Expr, Var
from ..holdouts import Holdout, key_of
from ..limits import Limit, Withhold
from ..schema import Attribute, ValueType

#: A rule of the core: its id, when it applies, its limit, and why.
CoreRule = tuple[str, Expr, Limit, str]


def governed(catalog: Catalog) -> Iterator[CoreRule]:
    """
    Yield what holdouts withhold from those in them, then what departments may not read.

    Raises:
        ValueRefused: If there are holdouts and their key is none.
    """
    if catalog.policy.holdouts:
        key_of(catalog.policy.values.holdout_key)
    for holdout in catalog.policy.holdouts:
        scope = catalog.where(_covers(catalog, holdout))
        yield holdout.id, Var(holdout.id, ValueType.BOOL), Withhold(scope), "the customer is in this holdout"
    for attribute in catalog.policy.attributes:
        if attribute.readers:
            reason = f"its department is not among those that may read {attribute.name}"
            limit = Withhold(catalog.where(reads_unasked(catalog, attribute)))
            yield f"core.reader.{attribute.name}", TRUE, limit, reason


def _covers(catalog: Catalog, holdout: Holdout) -> Callable[[Entry], bool]:
    return lambda entry: holdout.covers(entry.offer, catalog.topics.above(entry.offer.topic))


def reads_unasked(catalog: Catalog, attribute: Attribute) -> Callable[[Entry], bool]:
    """Return what tells whether a treatment reads an attribute, through others too, that its department may not."""
    names = {f"profile.{attribute.name}", f"protective.{attribute.name}"}
    ranks = not names.isdisjoint(catalog.ranked_by)

    def test(entry: Entry) -> bool:
        reads = ranks or not names.isdisjoint(catalog.reads(entry))
        return reads and not attribute.may_be_read_by(entry.offer.owner)

    return test
