"""Which ids are one customer, by the merges and splits in a line of a centre in NATS. It keeps none of them."""

from collections.abc import Iterable, Mapping

from tactful import Change, Merge, Merges, Split

from .nats_lines import NATSLines
from .nats_messages import digest


async def merged(lines: NATSLines, customers: Iterable[str]) -> Mapping[str, Merges]:
    """
    Return the merges through which customers have several ids; of most there are none, after one question for all.

    Args:
        lines: The lines.
        customers: Ids.
    """
    asked, asking = set[str](), list(dict.fromkeys(customers))
    wanted, told = list(asking), dict[str, Change]()
    while asking:
        asked.update(asking)
        told.update(await lines.known("profiles", (key for one in asking for key in _keys(one))))
        merges = [one.told for one in told.values() if isinstance(one.told, Merge)]
        named = (name for one in merges for name in (one.customer, one.other))
        asking = [name for name in dict.fromkeys(named) if name not in asked]
    splits = {one.customer: one.epoch for one in told.values() if isinstance(one.told, Split)}
    standing = Merges(
        one.told
        for one in sorted(told.values(), key=lambda one: one.epoch)
        if isinstance(one.told, Merge)
        and one.epoch > max(splits.get(one.told.customer, 0), splits.get(one.told.other, 0))
    )
    return dict.fromkeys(wanted, standing)


def _keys(customer: str) -> tuple[str, ...]:
    """Return the keys of all that says with whom a customer is one."""
    of = digest(customer)
    return f"m.{of}.*", f"m.*.{of}", f"s.{of}"
