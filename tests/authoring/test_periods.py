"""Offers run in their own time zone: over changes of the clock, on its skipped and on its doubled hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful import PolicyError
from tactful.authoring.periods import MomentError, moment
from tactful.clock import to_datetime, to_us

ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca")


def utc(text):
    return to_us(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("run", "zone", "starts", "ends"),
    [
        ("2026-12-01 to 2026-12-08", "Europe/Berlin", "2026-11-30 23:00", "2026-12-08 23:00"),
        ("2026-03-29 to 2026-03-29", "Europe/Berlin", "2026-03-28 23:00", "2026-03-29 22:00"),  # 23 hours
        ("2026-10-25 to 2026-10-25", "Europe/Berlin", "2026-10-24 22:00", "2026-10-25 23:00"),  # 25 hours
        ("2018-11-04 to 2018-11-04", "America/Sao_Paulo", "2018-11-04 03:00", "2018-11-05 02:00"),  # no midnight
        ("2026-12-01 09:00 to 2026-12-01 18:30", "Asia/Kolkata", "2026-12-01 03:30", "2026-12-01 13:00"),
        ("2026-10-25 02:30 to 2026-10-26", "Europe/Berlin", "2026-10-25 00:30", "2026-10-26 23:00"),  # from the first
        ("2026-10-24 to 2026-10-25 02:30", "Europe/Berlin", "2026-10-23 22:00", "2026-10-25 01:30"),  # to the second
        ("2026-10-25T02:30+01:00 to 2026-10-26", "Europe/Berlin", "2026-10-25 01:30", "2026-10-26 23:00"),
    ],
)
def test_a_period_in_its_zone(compiled, run, zone, starts, ends):
    first, _, last = run.partition(" to ")
    inside = f"{{from: {first}, to: {last}, zone: {zone}}}"
    for written, values in ((inside, ""), (run, f"values: {{zone: {zone}}}\n")):
        policy = compiled(f"{values}offers: {{new: {{intent: sell, topic: food, treatments: N, run: {written}}}}}")
        (offer,) = [offer for offer in policy.offers if offer.id == "new"]
        assert (offer.from_us, offer.until_us) == (utc(starts), utc(ends))


@pytest.mark.parametrize("text", ["2026-03-29 02:00", "2026-03-29 02:59:59", "2011-12-30 12:00"])
def test_a_time_that_the_clocks_skip_is_refused(text):
    zone = ZoneInfo("Pacific/Apia" if "2011" in text else "Europe/Berlin")
    with pytest.raises(MomentError, match="skip"):
        moment(text, zone)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)), st.sampled_from(ZONES), st.booleans())  # noqa: DTZ001 - local times are meant
def test_a_moment_reads_back_as_it_was_written(local, zone, end):
    written = local.replace(microsecond=0)
    try:
        found = to_datetime(moment(written.isoformat(sep=" "), ZoneInfo(zone), end=end))
    except MomentError:
        near = (written.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
        assert len({one.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for one in near} - {written}) == 2
        return
    assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == written


@given(st.dates(datetime(1971, 1, 1).date(), datetime(2037, 1, 1).date()), st.sampled_from(ZONES))  # noqa: DTZ001 - days
def test_a_day_ends_where_the_next_begins(day, zone):
    where = ZoneInfo(zone)
    following = (day + timedelta(days=1)).isoformat()
    assert moment(day.isoformat(), where, end=True) == moment(following, where)
    assert moment(day.isoformat(), where) <= moment(following, where)


def test_a_day_that_a_zone_never_had_is_empty(compiled):
    with pytest.raises(PolicyError, match="ends before it begins"):
        compiled(
            "offers: {new: {intent: sell, topic: food, treatments: N, "
            "run: {from: 2011-12-30, to: 2011-12-30, zone: Pacific/Apia}}}"
        )
