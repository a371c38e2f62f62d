"""Readings: an edge's status as numbers for monitors, each with a name, a unit and few labels. It measures nothing."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import attrs

from .readiness import lacks

#: What each reading is, by its name; one whose name ends in `_total` only rises.
READINGS: Final[Mapping[str, str]] = {
    "tactful_careful": "Whether all decisions are careful, as when a guardrail is broken (1) or not (0).",
    "tactful_policy_epoch": "The epoch of the bundle that is decided by.",
    "tactful_policy_left_seconds": "How long the bundle may be decided by.",
    "tactful_customers": "How many customers are held.",
    "tactful_oldest_fetch_age_seconds": "How long ago the customer was fetched who was fetched first.",
    "tactful_questions_waiting": "How many customers wait to be fetched.",
    "tactful_log_waiting": "How many decisions wait to be logged.",
    "tactful_log_dropped_total": "How many decisions were not logged, as too many waited.",
    "tactful_edge_ready": "Whether what the edge knows is young enough, and it can keep what it must (1) or not (0).",
    "tactful_store_ready": "Whether the edge's own store could be read and written when it last was (1) or not (0).",
    "tactful_store_failing_seconds": "For how long the store, or the centre of strict caps, has failed.",
    "tactful_store_under_way_seconds": "For how long such a call has been going on by now.",
    "tactful_store_contact_age_seconds": "How long ago a call of the store, or of that centre, last went well.",
    "tactful_store_errors_total": "How often such a call failed, by code.",
    "tactful_ready": "Whether the consents of the centre are young enough (1) or not (0).",
    "tactful_ready_left_seconds": "How long that stays so without a word of the centre.",
    "tactful_data_age_seconds": "How long ago the centre's word was last known to be true.",
    "tactful_centre_epoch": "How far a line of the centre was followed.",
    "tactful_centre_contact_age_seconds": "How long ago the centre last answered.",
    "tactful_centre_failing_seconds": "For how long a part of following the centre has failed; 0 if it does not.",
    "tactful_centre_under_way_seconds": "For how long a pass of such a part has been going on by now.",
    "tactful_centre_errors_total": "How often a part of following the centre failed, by code.",
    "tactful_outbox_events": "How many events wait for the centre.",
    "tactful_outbox_oldest_age_seconds": "How long the oldest event has waited.",
    "tactful_outbox_dropped_total": "How many events were dropped, as too many waited.",
    "tactful_outbox_set_aside": "How many events the centre refused.",
    "tactful_withdrawals_oldest_age_seconds": "How long the oldest withdrawal has waited for the centre.",
    "tactful_withdrawals_passed_over": "How many withdrawals the centre does not take; they are tried again for ever.",
    "tactful_withdrawals_passed_over_oldest_age_seconds": "How long the oldest of these has waited.",
}


@attrs.frozen
class Reading:
    """
    One number.

    Attributes:
        name: Its name, with the unit where it has one.
        value: The number.
        labels: What it is of, by words from the code or the policy; never of a customer.
    """

    name: str
    value: float
    labels: Mapping[str, str] = attrs.field(factory=dict)


def status_readings(status: Mapping[str, object]) -> Iterator[Reading]:
    """
    Give the numbers of an edge's status; what is not known is left out.

    Args:
        status: What `Edge.status` returns.
    """
    yield Reading("tactful_careful", float(bool(status["careful"])))
    yield from _known("tactful_policy_epoch", status["epoch"])
    yield from _known("tactful_policy_left_seconds", status["expires_in_s"])
    yield from _known("tactful_customers", status["customers_here"])
    yield from _known("tactful_oldest_fetch_age_seconds", status["oldest_fetch_age_s"])
    yield from _known("tactful_questions_waiting", status["questions_waiting"])
    yield from _known("tactful_log_waiting", status.get("log_waiting"))
    yield from _known("tactful_log_dropped_total", status.get("log_dropped"))
    yield Reading("tactful_edge_ready", float(not any(lacks(status))))
    store = cast("Mapping[str, object]", status.get("store", {}))
    if "ready" in store:
        yield Reading("tactful_store_ready", float(bool(store["ready"])))
    for part, told in (*store.items(), ("strict", status.get("strict"))):
        if isinstance(told, Mapping):
            yield from _of_store(part, told)
    if "centre" in status:
        yield from _of_centre(cast("Mapping[str, object]", status["centre"]))


def _of_store(part: str, told: Mapping[str, object]) -> Iterator[Reading]:
    yield Reading("tactful_store_failing_seconds", float(cast("int", told["failing_s"] or 0)), {"part": part})
    yield from _known("tactful_store_under_way_seconds", told["under_way_s"], part=part)
    yield from _known("tactful_store_contact_age_seconds", told["last_contact_age_s"], part=part)
    for code, count in cast("Mapping[str, int]", told["errors"]).items():
        yield from _known("tactful_store_errors_total", count, part=part, code=code)


def _of_centre(centre: Mapping[str, object]) -> Iterator[Reading]:
    if "ready" in centre:  # a kiosk with a pack follows nothing, and only sends
        yield Reading("tactful_ready", float(bool(centre["ready"])))
        yield from _known("tactful_ready_left_seconds", centre["ready_left_s"])
    for part in ("consents", "profiles", "events"):
        if part not in centre:
            continue
        told = cast("Mapping[str, object]", centre[part])
        yield from _known("tactful_data_age_seconds", told.get("age_s"), line=part)
        yield from _known("tactful_centre_epoch", told.get("epoch"), line=part)
        yield from _known("tactful_centre_contact_age_seconds", told["last_contact_age_s"], part=part)
        yield Reading("tactful_centre_failing_seconds", float(cast("int", told["failing_s"] or 0)), {"part": part})
        yield from _known("tactful_centre_under_way_seconds", told["under_way_s"], part=part)
        for code, count in cast("Mapping[str, int]", told["errors"]).items():
            yield from _known("tactful_centre_errors_total", count, part=part, code=code)
    events = cast("Mapping[str, object]", centre["events"])
    for name, key in (("tactful_outbox_events", "waiting"), ("tactful_outbox_dropped_total", "dropped")):
        for of, count in cast("Mapping[str, int]", events[key]).items():
            yield from _known(name, count, **{"class": of})
    yield from _known("tactful_outbox_oldest_age_seconds", events["oldest_age_s"])
    yield from _known("tactful_outbox_set_aside", events["set_aside"])
    withdrawals = cast("Mapping[str, object]", events["withdrawals"])
    yield from _known("tactful_withdrawals_oldest_age_seconds", withdrawals["oldest_age_s"])
    yield from _known("tactful_withdrawals_passed_over", withdrawals["passed_over"])
    yield from _known("tactful_withdrawals_passed_over_oldest_age_seconds", withdrawals["passed_over_oldest_age_s"])


def _known(name: str, value: object, **labels: str) -> Iterator[Reading]:
    if isinstance(value, int | float):
        yield Reading(name, float(value), labels)
