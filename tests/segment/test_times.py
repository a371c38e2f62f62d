"""An event's time is corrected by the client's clock as Segment's specification has it, and is never later than now."""

import pytest

from tactful_adapters.segment_events import one, several

NOW_US = 1_790_000_000_000_000
MINUTE_US = 60_000_000
#: 2026-09-21T14:13:20Z is NOW_US; times of the client, and how long before now the event was by our clock [min].
CASES = [
    ({}, None, 0),
    ({"timestamp": "2026-09-21T14:03:20Z"}, None, 10),
    ({"timestamp": "2026-09-21T14:03:20"}, None, 10),
    ({"timestamp": "2026-09-21T16:03:20+02:00"}, None, 10),
    ({"timestamp": "2026-09-21T15:00:00Z"}, "2026-09-21T15:10:00Z", 10),  # a clock that is ahead
    ({"timestamp": "2001-01-01T00:00:00Z"}, "2001-01-01T00:07:00Z", 7),  # one that is far behind
    ({"originalTimestamp": "2026-09-21T14:08:20Z", "timestamp": None}, "2026-09-21T14:13:20Z", 5),
    ({"timestamp": "2026-09-21T15:00:00Z"}, None, 0),  # from a time to come
    ({"timestamp": "2026-09-21T15:00:00Z"}, "2026-09-21T14:00:00Z", 0),  # told before it happened
]


@pytest.mark.parametrize(("times", "sent", "minutes"), CASES)
def test_a_time_is_corrected(times, sent, minutes):
    message = {"userId": "u1", "event": "E", **times}
    single = one("track", {**message, "sentAt": sent}, NOW_US)
    (batched,), wrong = several({"batch": [{**message, "type": "track"}], "sentAt": sent}, NOW_US)
    assert (single.at_us, batched.at_us) == (NOW_US - minutes * MINUTE_US,) * 2
    assert wrong == []


def test_without_a_message_id_a_retry_is_the_same_if_it_has_a_time():
    message = {"userId": "u1", "event": "E", "timestamp": "2026-09-21T14:03:20Z"}
    first, again = (one("track", {**message, "sentAt": f"2026-09-21T14:1{n}:00Z"}, NOW_US) for n in range(2))
    assert first.id == again.id
    assert one("track", {**message, "event": "F"}, NOW_US).id != first.id
    assert len({one("track", {"userId": "u1", "event": "E"}, NOW_US).id for _ in range(3)}) == 3
