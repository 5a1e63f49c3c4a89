"""Member codes: short, read out loud and typed without mistakes, such as `7QK-2MD`."""

from core.services.ids import Random
from core.store import customers as sql
from core.store.sqlite import Tx

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals without those that look alike or make words: no 0, 1, I, L, O, U."""

_PLACES = 6
_BYTES = 8


def code_of(number: int) -> str:
    """A number as a code."""
    signs = ""
    for _ in range(_PLACES):
        number, place = divmod(number, len(ALPHABET))
        signs += ALPHABET[place]
    return f"{signs[:3]}-{signs[3:]}"


def new_codes(tx: Tx, count: int, random: Random, taken: set[str]) -> list[str]:
    """As many new codes as asked, none of them in use or in `taken`."""
    made: dict[str, None] = {}
    while len(made) < count:
        drawn = random(_BYTES * (count - len(made)))
        numbers = (int.from_bytes(drawn[at : at + _BYTES]) for at in range(0, len(drawn), _BYTES))
        codes = dict.fromkeys(code_of(number) for number in numbers)
        used = sql.holders(tx, "member_code", codes)
        made.update((code, None) for code in codes if code not in used and code not in taken)
    return list(made)[:count]
