"""A1, A2, A7: whole points, exact fractions, one rounding, nothing beyond 64 bits."""

import ast
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.engine
from core.contract.values import MAX_POINTS, Outcome, Reason, Rounding
from core.engine.earning import round_once
from core.engine.values import Policy, Wallet
from tests.engine.hands import BERLIN, adjust, event, settle

EXACT = st.fractions(min_value=0, max_value=10**9, max_denominator=10**6)


def test_a1_no_float_is_written_anywhere_in_the_engine() -> None:
    for path in Path(core.engine.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id in {"float", "round"}), path
            assert not isinstance(node, ast.Div), path


def test_a1_fractions_are_exact() -> None:
    third = Fraction(7) / 3
    assert third * 3 == 7
    assert round_once(third * 3, Rounding.FLOOR) == 7
    assert round_once(Fraction("19.99") * 100, Rounding.FLOOR) == 1999


@pytest.mark.parametrize(
    ("exact", "down", "half_up", "up"),
    [
        (Fraction("123.45") * 5, 617, 617, 618),
        (Fraction("0.6") + Fraction("0.6"), 1, 1, 2),
        (Fraction("2.5"), 2, 3, 3),
        (Fraction("3.5"), 3, 4, 4),
        (Fraction("0.4999"), 0, 0, 1),
        (Fraction(7), 7, 7, 7),
    ],
)
def test_a2_rounding_is_floor_half_up_or_ceiling(exact: Fraction, down: int, half_up: int, up: int) -> None:
    assert round_once(exact, Rounding.FLOOR) == down
    assert round_once(exact, Rounding.HALF_UP) == half_up
    assert round_once(exact, Rounding.CEILING) == up


def test_a2_a_new_program_rounds_down() -> None:
    assert Policy(zone=BERLIN).rounding is Rounding.FLOOR


@given(EXACT)
def test_a2_every_rounding_is_within_one_and_half_up_is_the_nearest(exact: Fraction) -> None:
    down, nearest, up = (round_once(exact, how) for how in (Rounding.FLOOR, Rounding.HALF_UP, Rounding.CEILING))
    assert down <= exact <= up
    assert up - down == (0 if exact.denominator == 1 else 1)
    assert nearest - Fraction(1, 2) <= exact < nearest + Fraction(1, 2)


@given(st.lists(EXACT, min_size=1, max_size=5))
def test_a2_the_sum_is_rounded_and_not_its_parts(parts: list[Fraction]) -> None:
    whole = round_once(sum(parts, Fraction(0)), Rounding.FLOOR)
    assert 0 <= whole - sum(round_once(part, Rounding.FLOOR) for part in parts) < len(parts)


def test_a7_a_balance_never_passes_64_bits() -> None:
    wallet, policy = Wallet(), Policy(zone=BERLIN)
    adjust(wallet, policy, MAX_POINTS - 10, "2026-01-01 10:00")
    award = event(wallet, policy, 25, "2026-01-01 11:00")
    assert (award.applied, award.outcome, award.reason) == (10, Outcome.APPLIED, Reason.MAX_BALANCE)
    assert wallet.balance == wallet.lifetime == MAX_POINTS
    assert event(wallet, policy, 1, "2026-01-01 12:00").outcome is Outcome.CAPPED


def test_a7_lifetime_points_never_pass_64_bits() -> None:
    wallet, policy = Wallet(), Policy(zone=BERLIN)
    adjust(wallet, policy, MAX_POINTS, "2026-01-01 10:00")
    adjust(wallet, policy, -MAX_POINTS, "2026-01-01 11:00")
    assert adjust(wallet, policy, 1, "2026-01-01 12:00") == []
    assert (wallet.balance, wallet.lifetime) == (0, MAX_POINTS)


def test_a7_pending_points_are_counted_before_they_reach_the_balance() -> None:
    wallet, policy = Wallet(), Policy(zone=BERLIN, pending_days=3)
    event(wallet, policy, MAX_POINTS - 5, "2026-01-01 10:00", holds=True)
    assert [entry.points for entry in adjust(wallet, policy, 100, "2026-01-01 11:00")] == [5]
    settle(wallet, policy, "2026-01-05 00:00")
    assert wallet.balance == wallet.lifetime == MAX_POINTS
