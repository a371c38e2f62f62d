"""Around: what an edge gives to those who decide for many: its plan, moment, stores and ids. It decides nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import attrs

from ...consent import Consents
from ...contacts import Contact
from ...errors import UsageError
from ...plan.pages import Page
from ...plan.plan import Plan
from ...profile import Snapshot
from ...schema import Value
from ..budgets import Budgets
from ..count import SLACK_US
from ..decision import Decision
from ..fetch import Fetch
from ..here import HouseholdKey
from ..moment import Moment
from ..strict import Rooms
from ..token import Seal
from .asked import Asked
from .decisions import Decisions
from .run import Around, Progress, Run

_Households = Callable[[Sequence[str]], Sequence[HouseholdKey]]
_HouseholdContacts = Callable[[Sequence[HouseholdKey]], Mapping[HouseholdKey, Sequence[Contact]]]


class Deciding(Protocol):
    """What decides for one customer (`Edge`)."""

    def decide(
        self,
        placements: str | Sequence[str],
        who: str,
        context: Mapping[str, object] | None = None,
        *,
        profile: Snapshot | None = None,
        consents: Consents | None = None,
        contacts: Sequence[Contact] | None = None,
    ) -> Decision:
        """Decide."""
        ...

    def warm(self, who: str) -> bool:
        """Fetch a customer."""
        ...


@attrs.frozen(eq=False, repr=False)
class Inside:
    """
    An edge as it is at one moment.

    Attributes:
        edge: The edge.
        plan: Its plan.
        fetch: Fetches what it knows of customers.
        budgets: What counts for everyone together, if any cap does.
        rooms: What it holds at the centre under strict caps.
        seal: Seals its tokens.
        prefix: How the ids of these decisions begin.
        now_us: The moment [us since 1970].
    """

    edge: Deciding
    plan: Plan
    fetch: Fetch
    budgets: Budgets | None
    rooms: Rooms
    seal: Seal
    prefix: str
    now_us: int


def decided(
    inside: Inside,
    names: tuple[str, ...],
    customers: object,
    context: Mapping[str, object] | None,
    contacts: Mapping[str, Sequence[Contact]] | None,
    progress: Progress,
    workers: int,
) -> Decisions:
    """Return what an edge decides for many customers; see `Edge.decide_many`."""
    plan, fetch, now_us = inside.plan, inside.fetch, inside.now_us
    if not isinstance(workers, int) or workers < 1:
        raise UsageError(f"decide_many: workers is a whole number from 1, got {workers!r}")
    page, values = _asked(plan, names, context)
    since_us = now_us - plan.longest_window_us - SLACK_US

    def counted(ids: Sequence[str]) -> Mapping[str, Sequence[Contact]]:
        if contacts is not None or not plan.caps:
            return contacts or {}
        return fetch.contacts_of(ids, since_us)

    def alone(profile: Snapshot, consents: Consents | None) -> Decision:
        inside.edge.warm(profile.customer)
        theirs = None if contacts is None else contacts.get(profile.customer, ())
        return inside.edge.decide(names, profile.customer, context, profile=profile, consents=consents, contacts=theirs)

    def id_(row: int) -> str:
        return f"{inside.prefix}.{row}"

    def made(row: int, customer: str, moment: Moment) -> Decision:
        return Decision(id_(row), names, moment, customer, plan.careful(now_us), inside.seal)

    channel = plan.channels[page.placements[0].placement.channel]
    asked = Asked(plan, channel, page, values, inside.budgets, now_us)
    households, together = _at_home(fetch, contacts, since_us)
    around = Around(
        counted, lambda ids: fetch.consents_of(ids, now_us), alone, made, id_, households, together, inside.rooms
    )
    return Run(asked, around).decide(customers, progress, workers)


def _at_home(
    fetch: Fetch, brought: Mapping[str, Sequence[Contact]] | None, since_us: int
) -> tuple[_Households, _HouseholdContacts]:
    """Return what tells customers' households, and their contacts; those that are brought count for one customer."""
    if brought is None:
        return fetch.households_of, lambda keys: fetch.household_contacts_of(keys, since_us)
    return (
        lambda ids: [("customer", one) for one in ids],
        lambda keys: {key: brought[key[1]] for key in keys if key[1] in brought},
    )


def _asked(
    plan: Plan, names: tuple[str, ...], context: Mapping[str, object] | None
) -> tuple[Page, tuple[Value | None, ...]]:
    """Return the page and the context by slot that are asked for."""
    page, wrong = plan.page(names)
    values, refused = plan.slots.context_values(context)
    wrong = (*wrong, *(f"context.{name} does not fit its type" for name in refused))
    if page is None or wrong:
        raise UsageError(f"decide_many: {'; '.join(wrong)}")
    return page, values
