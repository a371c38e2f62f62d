"""What the laws of stores have in common: how a store is made, and samples of what it keeps. It holds no law."""
# ruff: noqa: S101 - to assert is what a kit is for

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread
from typing import Final, TypeVar

from ..clock import DAY_US, SECOND_US, wall_clock
from ..consent import Consent, ConsentState, How, standing
from ..contacts import Contact
from ..decision_log import LoggedDecision, LoggedPick, LogLimits
from ..errors import StoreError, UsageError
from ..outbox import OutboxLimits
from ..ports import WritableStore
from ..profile import Observation, Snapshot
from ..schema import Source, Value

#: Ids that break what is careless: quotes, NUL, wildcards, spaces, other scripts, composed and not, and length.
HOSTILE: Final = (
    "'; DROP TABLE contact; --",
    'a"b',
    "a\0b",
    "a",
    "a ",
    "A",
    "%",
    "_",
    "é",
    "e\u0301",
    "Ада 愛達 🜁",
    "x" * 5_000,
    "x" * 5_001,
)
#: A value of each type, and the ends of their ranges.
_VALUES: Final[tuple[Value, ...]] = (
    "",
    "愛\0",
    -(2**63),
    2**63 - 1,
    1.5,
    3.0,
    True,
    False,
    ("a", "b"),
    (1, 2),
    (1.0,),
    (),
    {"food": 0.5},
    {},
)
HOUR_US: Final = 3_600 * SECOND_US
_T = TypeVar("_T")


class StoreMaking:
    """
    How the laws come by a store.

    Attributes:
        persistent: Whether a store that is made again in the same folder has what was kept.
        shared_between_processes: Whether several processes may have it open; then its class has `from_url`, and `url`
            tells where it is.
    """

    persistent = False
    shared_between_processes = False

    def make_store(
        self,
        where: Path,
        outbox: OutboxLimits = OutboxLimits(),  # noqa: B008 - frozen
        log: LogLimits = LogLimits(),  # noqa: B008 - frozen
    ) -> WritableStore:
        """Return the store whose files are in a folder; opened, and made if it is not there yet."""
        raise NotImplementedError

    def url(self, where: Path) -> str:
        """Return the URL of the store whose files are in a folder."""
        raise NotImplementedError

    @contextmanager
    def opened(
        self,
        where: Path,
        outbox: OutboxLimits = OutboxLimits(),  # noqa: B008 - frozen
        log: LogLimits = LogLimits(),  # noqa: B008 - frozen
    ) -> Iterator[WritableStore]:
        """Give a store and close it."""
        store = self.make_store(where, outbox, log)
        try:
            yield store
        finally:
            store.close()


def contact(id_: str, customer: str, at_us: int, event: str = "shown") -> Contact:
    """Return a contact of a customer; some are reservations."""
    return Contact(
        id_, customer, event, at_us, topic="food", tags=("a", "b"), until_us=None if at_us % 2 else at_us + 9
    )


def logged(id_: str, at_us: int, who: bytes = b"") -> LoggedDecision:
    """Return a logged decision for a pseudonym."""
    picks = (LoggedPick("home", "olives", "gentle", 1, 2, 0.5), LoggedPick("home", "tea", "plain", 0, 0, -1.5))
    return LoggedDecision(
        id_,
        at_us,
        who,
        "web",
        ("home", "away"),
        picks,
        (("core.missing", 3), ("overcrowding.cap", 1)),
        ("profile not here: warm",),
        "grocer",
        None if at_us % 2 else at_us,
        b"bundle",
        b"plugins",
        "person" if who else "",
        b"\0snapshot" if who else b"",
        b"consents\xff" if who else b"",
        b"\x05",
    )


def yes(at_us: int, how: How = How.EXPLICIT) -> Consent:
    """Return a consent to offers."""
    return Consent("offers", ConsentState.GIVEN, how, at_us)


def no(at_us: int, channel: str | None = None) -> Consent:
    """Return a withdrawal of it."""
    return Consent("offers", ConsentState.WITHDRAWN, How.EXPLICIT, at_us, channel=channel, evidence="call 7")


def observed(at_us: int) -> Observation:
    """Return an observation whose value is its time."""
    return Observation(at_us, Source.OBSERVED, at_us)


def full_snapshot(customer: str) -> Snapshot:
    """Return a snapshot with a value of each type."""
    attributes = {
        f"attribute {number}": Observation(
            value, list(Source)[number % len(Source)], number, number / 16, number % 3 > 0
        )
        for number, value in enumerate(_VALUES, 3)
    }
    return Snapshot(customer, 17, attributes, epoch=4)


def whom(store: WritableStore, **identifiers: str) -> tuple[str, str, str | None] | None:
    """Return whom identifiers stand for, the kind, and the household."""
    found = store.identify(identifiers)
    return None if found is None else (found.customer, found.kind, found.household)


def stands(store: WritableStore, customer: str) -> tuple[bool, bool]:
    """Return whether a customer's consent to offers on the web will be given, and refused, a day from now."""
    consents = store.consents(customer)
    assert consents is not None
    found = standing(consents, ("offers",), "web", wall_clock() + DAY_US)
    return found.given, found.refused


def refused(call: Callable[[], object]) -> bool:
    """Return whether a call is refused in the words of a store."""
    try:
        call()
    except (StoreError, UsageError):
        return True
    return False


def at_once(number_of: int, call: Callable[[int], _T]) -> list[_T]:
    """Return what a call gives in several threads that begin at the same moment."""
    barrier, answers = Barrier(number_of), list[_T]()

    def run(number: int) -> None:
        barrier.wait()
        answers.append(call(number))

    threads = [Thread(target=run, args=(number,)) for number in range(number_of)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == number_of, "a thread failed"
    return answers
