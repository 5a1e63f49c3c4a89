"""What points are worth in money: exact decimals, never rounded here."""

from decimal import Decimal, localcontext

_DIGITS = 80
"""More than any product of points, value and breakage can have, so that nothing is rounded."""


def worth(points: int, point_value: str | None) -> str | None:
    """Points × the value of a point, as an exact decimal; none where no value is set."""
    return owed(points, point_value, None)


def owed(points: int, point_value: str | None, breakage: str | None) -> str | None:
    """The liability: outstanding points × value × (1 − breakage), the share that is never used (J5)."""
    if point_value is None:
        return None
    with localcontext(prec=_DIGITS):
        amount = points * Decimal(point_value) * (1 - Decimal(breakage or "0"))
        return f"{amount:f}"
