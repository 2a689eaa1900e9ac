"""What things are called, and what time it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aaep_helpers import make_id
from aaep_helpers.clock import Clock, ManualClock, SystemClock, format_timestamp
from aaep_helpers.ids import ID_KINDS, IdKind, is_id

# From 1970 to 9999, the last year RFC 3339 can write.
LAST_MS = 253_402_300_799_999


@pytest.mark.parametrize("kind", ID_KINDS)
def test_an_id_is_its_kind_and_128_random_bits(kind: IdKind) -> None:
    made = {make_id(kind) for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(rf"{kind}_[0-9a-f]{{32}}", one) for one in made)
    assert all(is_id(one, kind) for one in made)


@pytest.mark.parametrize("kind", ["event", "", "EVT", "evt_", None, 3])
def test_an_unknown_kind_is_the_callers_mistake(kind: Any) -> None:
    with pytest.raises(ValueError, match=r"the kinds are evt, sess, call, out, rpl, sub\.$"):
        make_id(kind)


@pytest.mark.parametrize("kind", ID_KINDS)
def test_an_id_of_one_kind_is_none_of_another(kind: IdKind) -> None:
    made = make_id(kind)
    assert [other for other in ID_KINDS if is_id(made, other)] == [kind]


@pytest.mark.parametrize("body", ["1", "a", "Z9", "a" * 64])
def test_the_forms_an_id_may_have(body: str) -> None:
    assert is_id(f"sess_{body}", "sess")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sess",
        "sess_",
        "sess_" + "a" * 65,
        "sess_a\n",
        " sess_a",
        "sess_a_b",
        "sess_é",
        "sess_٣",
        "SESS_a",
        "sess-a",
        b"sess_a",
        None,
        1,
        ["sess_a"],
    ],
)
def test_the_forms_an_id_may_not_have(value: object) -> None:
    assert not is_id(value, "sess")


@pytest.mark.parametrize(
    ("epoch_ms", "written"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_000, "1970-01-01T00:00:01.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_800_000_000_000, "2027-01-15T08:00:00.000Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
        # A clock that was never set may stand before the epoch.
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_timestamps_are_utc_with_three_fraction_digits(epoch_ms: int, written: str) -> None:
    assert format_timestamp(epoch_ms) == written


@settings(deadline=None)
@given(st.integers(0, LAST_MS), st.integers(0, LAST_MS))
def test_timestamps_say_the_time_and_sort_like_it(one: int, other: int) -> None:
    read = datetime.fromisoformat(format_timestamp(one))
    assert read.tzinfo == UTC
    since = read - datetime(1970, 1, 1, tzinfo=UTC)
    assert (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000 == one
    assert (format_timestamp(one) < format_timestamp(other)) == (one < other)


def test_a_manual_clock_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(5_000)
    assert (clock.epoch_ms(), clock.monotonic()) == (5_000, 0.0)
    assert (clock.epoch_ms(), clock.monotonic()) == (5_000, 0.0)
    clock.advance(1.5)
    assert (clock.epoch_ms(), clock.monotonic()) == (6_500, 1.5)


def test_setting_the_wall_clock_back_leaves_deadlines_alone() -> None:
    clock = ManualClock()
    clock.advance(10)
    clock.set_epoch_ms(0)
    assert (clock.epoch_ms(), clock.monotonic()) == (0, 10.0)


def test_the_system_clock_tells_the_systems_time() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC).timestamp()
    told = clock.epoch_ms()
    after = datetime.now(UTC).timestamp()
    assert int(before * 1000) - 1 <= told <= int(after * 1000) + 1
    assert clock.monotonic() <= clock.monotonic()
