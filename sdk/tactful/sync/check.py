"""Checks a centre's answer before anything of it counts: one that lies or is confused changes nothing here."""

from collections.abc import Iterable, Sequence
from typing import Final

from ..changes import TOLD_IN, Change, Changes, Delivery, Line, Unlinked
from ..consent import Consent, Consents, ConsentState, How
from ..errors import CentreError
from ..profile import Snapshot

#: More records than any customer has.
_RECORDS_MAX: Final = 10_000
_INT_MAX: Final = 2**63 - 1


def checked(answer: object, line: Line, after: int, count: int) -> Changes:
    """
    Return a centre's answer if it can be true.

    Args:
        answer: What the centre gave.
        line: The line that was asked for.
        after: The epoch that was asked after.
        count: So many changes were asked for at most.

    Raises:
        CentreError: If it cannot; the code is "centre-went-back" if the centre's epochs are lower than they were, and
            otherwise "centre-nonsense".
    """
    if not isinstance(answer, Changes) or not _whole(answer.epoch) or not isinstance(answer.changes, tuple):
        raise _nonsense("it is no answer")
    if answer.epoch < after:
        message = f"the centre's epoch of {line} is {answer.epoch}, and was {after}: was it restored from a copy?"
        raise CentreError(message, code="centre-went-back")
    if len(answer.changes) > count:
        raise _nonsense(f"{len(answer.changes)} changes were told where {count} were asked for")
    if not answer.changes and not answer.is_complete:
        raise _nonsense("there is more, and none of it was told")
    before = after
    for change in answer.changes:
        if not (isinstance(change, Change) and _whole(change.epoch) and before < change.epoch <= answer.epoch):
            raise _nonsense("epochs do not rise")
        if not _makes_sense(change, line):
            raise _nonsense(f"a change of {line} is none that this version knows")
        before = change.epoch
    return answer


def delivered(answer: object, sent: Iterable[str]) -> Delivery:
    """
    Return a centre's answer to events if it can be true.

    Args:
        answer: What the centre gave.
        sent: The ids of the events that it was given.

    Raises:
        CentreError: If it speaks of other events, or says two things of one; its code is "centre-nonsense".
    """
    if not isinstance(answer, Delivery):
        raise _nonsense("it is no answer to events")
    accepted, refused = set(answer.accepted), set(answer.refused)
    if accepted & refused or not (accepted | refused) <= set(sent):
        raise _nonsense("it speaks of events that it was not given, or says two things of one")
    return answer


def _makes_sense(change: Change, line: Line) -> bool:
    told = change.told
    if not isinstance(told, TOLD_IN[line]) or not isinstance(change.customer, str):
        return False
    if isinstance(told, Snapshot):
        return told.customer == change.customer and _whole(told.at_us)
    if isinstance(told, Consents):
        return bool(change.customer) and _whole(told.at_us) and _records_make_sense(told.records)
    return isinstance(told, Unlinked) or bool(change.customer)


def _records_make_sense(records: Sequence[Consent]) -> bool:
    return len(records) <= _RECORDS_MAX and all(
        isinstance(one, Consent)
        and isinstance(one.purpose, str)
        and isinstance(one.state, ConsentState)
        and isinstance(one.how, How)
        and _whole(one.at_us)
        and _whole(one.until_us)
        and isinstance(one.channel, str | None)
        and isinstance(one.evidence, str)
        for one in records
    )


def _whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= _INT_MAX


def _nonsense(what: str) -> CentreError:
    return CentreError(f"the centre's answer makes no sense: {what}; nothing of it counts", code="centre-nonsense")
