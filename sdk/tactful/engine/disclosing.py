"""Disclosing: what a partner's offer passes on when it is shown, and the record of it. It decides nothing.

Who is told what stands in the receipt, as the policy of the decision had it: a newer bundle, or a process that has
another one, changes nothing in the record. So a token grows by the names for a partner's offer, by a byte for another.
"""

import logging
from collections.abc import Sequence
from typing import Final

from ..catalog import Entry
from ..clock import DAY_US, SECOND_US
from ..consent import LegalBasis
from ..disclosure_ports import DisclosureRecord
from ..disclosures import REACHED, Disclosure, Passed
from ..plan.plan import Plan
from .store_account import StoreAccount
from .token import Receipt

_log = logging.getLogger("tactful")
_FORGET_EVERY_US: Final = DAY_US
_SPACES: Final = ("profile", "protective")


def passed_by(plan: Plan, entry: Entry) -> Passed | None:
    """Return what a treatment passes on to the partner of its purpose, or None if it has none."""
    purpose = next((one for one in plan.policy.purposes if one.name == entry.offer.purpose), None)
    if purpose is None or purpose.partner is None:
        return None
    spaces = [name.partition(".") for name in plan.catalog.reads(entry)]
    read = {name for space, _, name in spaces if space in _SPACES} & plan.attribute_specs.keys()
    # With a partner nothing but consent counts, whatever the ground that was declared.
    return Passed(purpose.partner, purpose.name, LegalBasis.CONSENT.value, tuple(sorted(read)))


class Disclosing:
    """Makes the records of disclosures, and lets go of those whose time is over."""

    def __init__(self, store: DisclosureRecord, keep_s: int, account: StoreAccount) -> None:
        """
        Make none yet.

        Args:
            store: Where they are kept.
            keep_s: How long each is kept [s].
            account: What is told how the store does.
        """
        self._store, self._account = store, account
        self._keep_us = keep_s * SECOND_US
        self._forgotten_us = 0

    def of(self, receipt: Receipt, event: str, slot: int | None, now_us: int) -> Sequence[Disclosure]:
        """Return what an event on a decision passes on: nothing, unless it is how offers reach a customer."""
        if event not in REACHED:
            return ()
        until_us, channel = now_us + self._keep_us, receipt.channel
        return [
            Disclosure(receipt.decision, one.slot, receipt.customer, now_us, until_us, one.offer, channel, one.passed)
            for one in receipt.shown
            if one.passed is not None and slot in (None, one.slot)
        ]

    def forget(self, now_us: int) -> None:
        """Forget the disclosures whose time is over, at most once a day; where that fails, nobody is told of them."""
        if now_us - self._forgotten_us < _FORGET_EVERY_US:
            return
        self._forgotten_us = now_us
        try:
            self._store.forget_disclosures(now_us)
        except Exception as error:  # noqa: BLE001 - a store may raise anything; what was recorded is kept all the same
            self._account.failed(error)
            _log.warning("disclosures whose time is over could not be forgotten: %s", type(error).__name__)
