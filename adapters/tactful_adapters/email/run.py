"""A run of a campaign: each mail is checked once more, reserved, handed over and settled, in this order.

The order is the whole of it. A mail is reserved on disk before it is handed over, so that no run after a crash sends it
again; consents are asked right before that, so that who said no meanwhile gets nothing.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import attrs

import tactful

from ..journal_file import ForgetIn
from .campaign import Campaign
from .journal import Doubtful, Journal
from .mail import Mail
from .recipients import CUSTOMER, batches
from .transport import Outcome, Transport, TransportDown

if TYPE_CHECKING:
    import pyarrow as pa

_log = logging.getLogger("tactful")
#: So many different errors are told.
_ERRORS_MAX: Final = 20
#: Told how many recipients are done, and of how many, or None while nobody knows.
Progress = Callable[[int, int | None], None]


@attrs.frozen(kw_only=True)
class Report:
    """
    What became of a run. Each recipient of it is counted once.

    Attributes:
        recipients: So many there were.
        sent: Taken by the server.
        already: Mailed by an earlier run, or another one at the same time; or somebody who shares their mailbox was.
        nothing: There was nothing that they agreed to hear.
        address: Their address is none.
        unrendered: A template failed for them.
        held: Rendered, and not sent after the last check: consent was taken back meanwhile, or a limit was reached.
        refused: The server refused them for good.
        later: The server wants none for them now; another run tries again.
        doubtful: The connection broke before the server's answer; they are not mailed again.
        held_by: What spoke against those that were held, by the ids of limits, and how often.
        errors: Where templates failed, and how often.
        in_doubt: All mails of the campaign, of this run and those before, of which nobody knows.
    """

    recipients: int
    sent: int = 0
    already: int = 0
    nothing: int = 0
    address: int = 0
    unrendered: int = 0
    held: int = 0
    refused: int = 0
    later: int = 0
    doubtful: int = 0
    held_by: Mapping[str, int] = attrs.field(factory=dict)
    errors: Mapping[str, int] = attrs.field(factory=dict)
    in_doubt: Sequence[Doubtful] = ()


class Run:
    """
    One run. An erasure at the campaign's edge reaches its journal from then on.

    Args:
        campaign: The campaign.
        transport: Where its mails go.
        journal: Its journal.
        clock: Gives the moment [us since 1970].
    """

    def __init__(
        self, campaign: Campaign, transport: Transport, journal: Journal, clock: tactful.Clock = tactful.wall_clock
    ) -> None:
        self._campaign = campaign
        self._transport = transport
        self._journal = journal
        self._clock = clock
        of_name = partial(Journal, campaign=campaign.name)
        campaign.edge.rights.attach(f"campaign {campaign.name}", ForgetIn.of(journal.path, of_name))
        self._begin()

    def _begin(self) -> None:
        """Count from nothing."""
        self._counted: Counter[str] = Counter()
        self._held_by: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()

    def send(self, recipients: object, progress: Progress = lambda done, count: None) -> Report:  # noqa: ARG005 - silent
        """
        Send what there is to send; whom an earlier run mailed is left out.

        Args:
            recipients: As for `Campaign.mails`.
            progress: Told after each recipient.

        Raises:
            TransportDown: If nothing can be handed over; run it again, and it goes on here.
            PluginError: If the transport raised anything else; likewise, and the mail on its way is in doubt.
            StoreError: If journal, ledger or consents fail; likewise.
            UsageError: If the recipients are not what they should be.
        """
        self._begin()
        for customer, id_, token in self._journal.unrecorded():
            self._record(customer, id_, token)
        count, done = _count(recipients), 0
        for table in batches(recipients, self._campaign.at_once):
            for what in self._batch(table):
                self._counted[what] += 1
                done += 1
                progress(done, count)
        return Report(
            recipients=done,
            **self._counted,
            held_by=dict(self._held_by.most_common()),
            errors=dict(self._errors.most_common(_ERRORS_MAX)),
            in_doubt=self._journal.doubtful(),
        )

    def _batch(self, table: "pa.Table") -> Iterable[str]:
        """Yield what becomes of each recipient of a table."""
        customers = table.column(CUSTOMER).to_pylist()
        known = self._journal.known([one for one in customers if isinstance(one, str)])
        yield from ["already"] * sum(one in known for one in customers)
        rest = table.filter([one not in known for one in customers]) if known else table
        if rest.num_rows:
            for chance in self._campaign.batch(rest):
                if chance.error:
                    self._errors[chance.error] += 1
                yield chance.why if chance.mail is None else self.deliver(chance.mail)

    def deliver(self, mail: Mail) -> str:
        """
        Check, reserve, hand over and settle one mail; return what became of it, by the names of `Report`.

        Raises:
            TransportDown: If nothing can be handed over; the mail is not reserved then.
            PluginError: If the transport raised anything else; the mail is in doubt.
            StoreError: If the journal, the ledger or the consents fail.
        """
        if against := self._campaign.still_holds(mail):
            self._held_by.update(against)
            return "held"
        journal, customer, address, token = self._journal, mail.customer, mail.recipient.addr_spec, mail.decision.token
        if not journal.reserve(customer, address, mail.id, self._clock(), token):
            return "already"
        try:
            outcome = self._transport.send(mail.envelope())
        except TransportDown:  # it surely was not taken; whatever else is raised leaves it in doubt
            journal.release(customer)
            raise
        except Exception as error:  # noqa: BLE001 - its words may hold the address, as those of smtplib do
            said = f"the transport {type(self._transport).__name__} failed with {type(error).__name__}"
            raise tactful.PluginError(f"{said}; whether the last mail was taken is in doubt") from None
        if outcome is Outcome.LATER:
            journal.release(customer)
            return "later"
        if outcome is Outcome.REFUSED:
            journal.settle(customer, "refused")
            return "refused"
        if outcome is Outcome.TAKEN:
            journal.settle(customer, "sent")
        self._record(customer, mail.id, token)
        return "sent" if outcome is Outcome.TAKEN else "doubtful"

    def _record(self, customer: str, id_: str, token: str) -> None:
        """
        Record that a mail was rendered, which is all that we know of it, and that it was a letter.

        A mail in doubt counts too: caps that hold back too much do less harm than those that hold back too little.
        """
        campaign = self._campaign
        try:
            campaign.edge.record(token, "rendered")
        except tactful.TokenError as error:
            _log.warning("what a mail showed can be recorded no more: %s", error.code)
        campaign.edge.observe(customer, campaign.event, channel=campaign.channel, id=id_)  # it counts all the same
        self._journal.recorded(customer)


def _count(recipients: object) -> int | None:
    """Return how many recipients there are, where that is known before."""
    rows = getattr(recipients, "num_rows", None)
    if isinstance(rows, int):
        return rows
    return len(recipients) if isinstance(recipients, list | tuple) else None
