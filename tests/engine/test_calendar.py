"""Dates and instants: C2, C3, C9, C15, F3, and the zones in which midnight is odd."""

import struct
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.contract.values import Unit
from core.engine.calendar import (
    LAST_DAY,
    NotOneInstant,
    add_months,
    add_period,
    day_start,
    end_of,
    from_ms,
    instant_of,
    local_date,
    to_ms,
)
from tests.engine.hands import BERLIN, at, on

ODD_ZONES = (
    "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Pacific/Apia", "America/St_Johns", "America/Havana",
    "Atlantic/Azores", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", BERLIN, "UTC",
)  # fmt: skip


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-25", 1, "2026-02-25"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
    ],
)
def test_c3_months_clamp_to_the_months_end_and_are_never_chained(start: str, months: int, end: str) -> None:
    assert add_months(on(start), months) == on(end)


@given(st.dates(date(1970, 1, 1), date(2400, 12, 31)), st.integers(0, 600))
def test_c3_months_agree_with_walking_month_by_month(start: date, months: int) -> None:
    first = start.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(days=31)).replace(day=1)
    day = start.day
    while True:
        try:
            expected = first.replace(day=day)
            break
        except ValueError:
            day -= 1
    assert add_months(start, months) == expected


def test_c3_a_period_beyond_the_calendar_ends_on_its_last_day() -> None:
    assert add_months(on("9998-12-15"), 1) == date(9999, 1, 15)
    assert add_months(on("2026-01-01"), 12 * 9000) == LAST_DAY
    assert add_period(on("2026-01-01"), 10**9, Unit.DAYS) == LAST_DAY
    assert end_of(LAST_DAY, "Pacific/Apia") > 0
    assert end_of(LAST_DAY, "America/Sao_Paulo") > 0


def test_c9_a_period_counts_days_as_well_as_months() -> None:
    assert add_period(on("2024-01-01"), 365, Unit.DAYS) == on("2024-12-31")
    assert add_period(on("2024-01-01"), 12, Unit.MONTHS) == on("2025-01-01")


def test_c2_what_is_usable_through_a_date_is_gone_at_the_next_days_first_instant() -> None:
    assert end_of(on("2026-02-25"), BERLIN) == at("2026-02-26 00:00")
    assert end_of(on("2026-02-25"), "Asia/Tokyo") == to_ms(datetime(2026, 2, 25, 15, tzinfo=UTC))


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_b5_a_day_in_berlin_has_as_many_hours_as_the_clock_gives_it(day: str, hours: int) -> None:
    assert end_of(on(day), BERLIN) - day_start(on(day), BERLIN) == hours * 3_600_000


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z"),  # 00:00 jumps to 01:00
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00Z"),  # 00:00 goes back to 23:00
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00Z"),  # 00:00 jumps to 01:00
        ("Asia/Beirut", "2026-10-25", "2026-10-24T22:00Z"),  # 00:00 goes back to 23:00
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00Z"),  # 00:00 jumps to 01:00
        ("Africa/Cairo", "2026-10-30", "2026-10-29T22:00Z"),  # 24:00 goes back to 23:00
        ("America/Havana", "2026-11-01", "2026-11-01T04:00Z"),  # 01:00 goes back to 00:00: midnight comes twice
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z"),  # the day does not exist
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z"),
    ],
)
def test_c2_a_day_begins_where_the_zone_says(zone: str, day: str, start: str) -> None:
    assert day_start(on(day), zone) == to_ms(datetime.fromisoformat(start))


@given(st.sampled_from(ODD_ZONES), st.dates(date(1975, 1, 1), date(2060, 1, 1)))
@example("America/Sao_Paulo", date(2018, 11, 4))
@example("Asia/Beirut", date(2026, 10, 25))
@example("Pacific/Apia", date(2011, 12, 30))
@example("America/St_Johns", date(2006, 10, 29))
def test_c2_a_days_start_is_the_first_instant_that_is_not_before_it(zone: str, day: date) -> None:
    start = day_start(day, zone)
    assert local_date(start, zone) >= day
    assert local_date(start - 1, zone) < day
    assert local_date(start - 1, zone) <= day - timedelta(days=1)


@given(st.sampled_from(ODD_ZONES), st.integers(-(10**11), 4 * 10**12))
@example("America/St_Johns", at("2006-10-29 00:01", "America/St_Johns"))
@example("America/St_Johns", to_ms(datetime(2006, 10, 29, 2, 31, tzinfo=UTC)))
def test_c15_the_local_date_is_the_one_on_the_zones_clock(zone: str, at_ms: int) -> None:
    assert local_date(at_ms, zone) == from_ms(at_ms).astimezone(ZoneInfo(zone)).date()


def test_c15_newfoundlands_clock_goes_back_a_minute_after_midnight_to_the_day_before() -> None:
    midnight = to_ms(datetime(2006, 10, 29, 2, 30, tzinfo=UTC))
    assert local_date(midnight, "America/St_Johns") == on("2006-10-29")
    assert local_date(midnight + 60_000, "America/St_Johns") == on("2006-10-28")
    assert local_date(midnight + 3_660_000, "America/St_Johns") == on("2006-10-29")


@pytest.mark.parametrize("zone", sorted(available_timezones() - {"localtime"}))
def test_c15_no_change_of_clocks_in_any_zone_moves_a_date_within_a_quarter_hour(zone: str) -> None:
    tz = ZoneInfo(zone)
    for instant in _changes_of_clocks(zone):
        if instant < 0:
            continue
        quarter = instant - instant % 900
        for moment in {quarter, instant - 1, instant, quarter + 899}:
            assert local_date(moment * 1000, zone) == datetime.fromtimestamp(moment, tz).date()


@cache
def _changes_of_clocks(zone: str) -> tuple[int, ...]:
    """The instants of a zone file's second block (RFC 8536)."""
    data = files("tzdata.zoneinfo").joinpath(*zone.split("/")).read_bytes()
    isut, isstd, leap, count, types, characters = struct.unpack(">6l", data[20:44])
    second = 44 + count * 5 + types * 6 + characters + leap * 8 + isstd + isut
    count = struct.unpack(">6l", data[second + 20 : second + 44])[3]
    return struct.unpack(f">{count}q", data[second + 44 : second + 44 + count * 8])


def test_f3_an_ordinary_local_time_is_one_instant() -> None:
    assert instant_of(datetime(2026, 7, 1, 12), BERLIN) == to_ms(datetime(2026, 7, 1, 10, tzinfo=UTC))


def test_f3_a_time_that_comes_twice_is_refused_with_both_readings() -> None:
    with pytest.raises(NotOneInstant) as refusal:
        instant_of(datetime(2026, 10, 25, 2, 30), BERLIN)
    assert refusal.value.readings == (
        to_ms(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        to_ms(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    )
    assert "02:30 CEST" in str(refusal.value)
    assert "02:30 CET" in str(refusal.value)


def test_f3_a_time_that_does_not_exist_is_refused_with_both_readings() -> None:
    with pytest.raises(NotOneInstant) as refusal:
        instant_of(datetime(2026, 3, 29, 2, 30), BERLIN)
    assert refusal.value.readings == (
        to_ms(datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        to_ms(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    )
    assert "01:30 CET" in str(refusal.value)
    assert "03:30 CEST" in str(refusal.value)


def test_f3_the_readings_of_a_day_that_does_not_exist_show_their_dates() -> None:
    with pytest.raises(NotOneInstant) as refusal:
        instant_of(datetime(2011, 12, 30, 10), "Pacific/Apia")
    assert "2011-12-29 10:00" in str(refusal.value)
    assert "2011-12-31 10:00" in str(refusal.value)


@given(st.integers(-(10**12), 10**14))
def test_a1_instants_survive_the_way_to_a_time_and_back(at_ms: int) -> None:
    assert to_ms(from_ms(at_ms)) == at_ms
