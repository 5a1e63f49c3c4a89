"""Ids: UUIDv7 for what is made here, and the public ids of entries and awards, which carry their row's number.

What is due and not written yet has a place, not a row: its id carries the wallet and the entry's number there.
"""

import os
from collections.abc import Callable

ENTRY, AWARD, DUE = 0xE00, 0xA00, 0xD00
Random = Callable[[int], bytes]


def uuid7(now_ms: int, random: Random = os.urandom) -> str:
    """A new UUIDv7: sorts by time, 74 random bits."""
    return text_of(_layout(now_ms, int.from_bytes(random(2)) & 0xFFF, int.from_bytes(random(8)) & (2**62 - 1)))


def _layout(now_ms: int, first: int, second: int) -> int:
    return (now_ms & (2**48 - 1)) << 80 | 0x7 << 76 | first << 64 | 0b10 << 62 | second


def text_of(value: int) -> str:
    """128 bits as the text of a UUID."""
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def public_id(kind: int, recorded_at: int, row: int) -> str:
    """The id of an entry or award: a UUIDv7 of its instant, with the row's number in place of random bits.

    It needs no column and no index: the row is read by its number and its instant compared.
    """
    return text_of(_layout(recorded_at, kind, row))


def read_public_id(text: str) -> tuple[int, int, int] | None:
    """Kind, instant and row number of a public id; none where it is something else."""
    try:
        value = int(text.replace("-", ""), 16)
    except ValueError:
        return None
    if len(text) != 36 or value >> 76 & 0xF != 7:
        return None
    kind = value >> 64 & 0xFFF
    return (kind, value >> 80, value & (2**62 - 1)) if kind in (ENTRY, AWARD, DUE) else None


def to_blob(text: str) -> bytes | None:
    """A UUID's 16 bytes; none where the text is no UUID."""
    try:
        raw = bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return None
    return raw if len(raw) == 16 and len(text) == 36 else None


def from_blob(raw: bytes) -> str:
    """The text of a UUID's 16 bytes."""
    return text_of(int.from_bytes(raw))
