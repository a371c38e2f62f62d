"""Who is chosen for a pack: all whom a store knows, or a segment as it is on the kiosk's screen."""

import difflib
from collections.abc import Callable, Iterable, Iterator

from ..engine.customer import Customer
from ..engine.guard import on_channel
from ..engine.mask import mask
from ..errors import UsageError
from ..plan.fuse import single
from ..plan.plan import Plan
from ..plan.requirements import Inliner
from ..ports import CustomerList, Store
from ..profile import Identity

_AT_ONCE = 500


def everyone(store: Store) -> Iterator[str]:
    """
    Yield the ids of all customers with a profile.

    Raises:
        UsageError: If the store cannot list whom it knows.
    """
    if not isinstance(store, CustomerList):
        raise UsageError(f"{type(store).__name__} cannot list whom it knows; give a list of ids")
    last = ""
    while ids := store.customers(last, _AT_ONCE):
        yield from ids
        last = ids[-1]


def in_segment(plan: Plan, segment: str, placement: str, store: Store, now_us: int) -> Iterator[str]:
    """
    Yield the ids of the customers who are surely in a segment, as some purpose sees them that is served on a screen.

    Args:
        plan: The plan.
        segment: The segment's name.
        placement: The placement of the kiosk's screen.
        store: Who is known.
        now_us: The moment [us since 1970].

    Raises:
        UsageError: If there is no such segment, or the store cannot list whom it knows.
    """
    test = _test(plan, segment, placement)
    return _chosen(everyone(store), store, plan, lambda one: test(one, now_us))


def _chosen(ids: Iterable[str], store: Store, plan: Plan, test: Callable[[Customer], bool]) -> Iterator[str]:
    for id_ in ids:
        snapshot = store.profile(id_)
        if snapshot is not None and test(Customer(plan, Identity(id_), snapshot, store.consents(id_))):
            yield id_


def _test(plan: Plan, segment: str, placement: str) -> Callable[[Customer, int], bool]:
    rules = {one.name: one.when for one in plan.policy.segments}
    if segment not in rules:
        near = difflib.get_close_matches(segment, rules, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(rules) or 'none'}"
        raise UsageError(f"the policy has no segment {segment!r}; {hint}")
    channel = plan.channels[plan.placements[placement].placement.channel]
    rule = Inliner(plan.policy)(rules[segment])
    served = {one.offer.purpose for one in plan.catalog.entries if channel.allow >> one.index & 1}
    tests = [
        single(plan.slots, lambda emitter: emitter.surely_true(rule), number)
        for number, purpose in enumerate(plan.slots.purposes)
        if purpose in served
    ]
    context, _ = plan.slots.context_values(None)

    def is_in(customer: Customer, now_us: int) -> bool:
        here = on_channel(plan, channel, customer, now_us)
        views, seen, _, _ = mask(channel.visibility, customer.snapshot, plan.effects(here.flags).hidden, now_us)
        return any(test(views, seen, customer.protective, here.known, context, now_us) for test in tests)

    return is_in
