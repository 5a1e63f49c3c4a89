"""The chain of a wallet: each entry's hash covers its facts and the hash before it (J4)."""

from hashlib import sha256

from core.engine.values import Allocation


def genesis(wallet_key: str) -> bytes:
    """The hash before a wallet's first entry."""
    return sha256(wallet_key.encode()).digest()


def allocations_text(allocations: tuple[Allocation, ...]) -> str:
    """Allocations as they are kept and hashed: `5:-300,8:-640`, a debt's with a `d` before: `d2:30`."""
    return ",".join(f"d{a.seq}:{a.points}" if a.debt else f"{a.seq}:{a.points}" for a in allocations)


def read_allocations(text: str) -> tuple[Allocation, ...]:
    """Allocations out of their text."""
    if not text:
        return ()
    parts = []
    for part in text.split(","):
        seq, points = part.split(":")
        debt = seq[0] == "d"
        parts.append(Allocation(int(seq[1:] if debt else seq), int(points), debt))
    return tuple(parts)


def facts(
    seq: int, kind: str, points: int, lifetime: int, occurred_at: int, recorded_at: int, local_date: str,
    last_usable_on: str | None, pending: int, allocations: str, source: str, source_id: str | None, actor: str,
    batch: str | None, reason: str | None, undoes: int | None, digest: str,
) -> bytes:  # fmt: skip
    """The canonical bytes of an entry: what is free-form carries its length, so that no two entries read the same."""
    free = f"{source}\x1f{source_id or ''}\x1f{actor}\x1f{batch or ''}\x1f{reason or ''}"
    return (
        f"{seq}|{kind}|{points}|{lifetime}|{occurred_at}|{recorded_at}|{local_date}|{last_usable_on}|{pending}|"
        f"{allocations}|{undoes}|{digest}|{len(source)},{len(source_id or '')},{len(actor)},{len(batch or '')},"
        f"{len(reason or '')}|{free}"
    ).encode()


def link(before: bytes, canonical: bytes) -> bytes:
    """The hash of an entry: over the one before it and its own facts."""
    return sha256(before + canonical).digest()


def text_digest(salt: bytes, *texts: str | None) -> str:
    """A salted digest of free text, so that the text can be erased and the chain still holds."""
    body = "".join("-" if text is None else f"{len(text)}:{text}" for text in texts)
    return sha256(salt + body.encode()).hexdigest()
