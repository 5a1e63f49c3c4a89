"""The SQL of customers: their rows with the wallet beside them, the words that find them, notes and tokens."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from core.store.sqlite import Row, Tx

NEVER_ACTIVE = -9223372036854775807
"""Stands for no activity where customers are sorted by it."""

LAST_ACTIVE = f"ifnull(w.activity_at, {NEVER_ACTIVE})"

COLUMNS = (
    "c.id, c.uid, c.external_id, c.email, c.phone, c.member_code, c.name, c.name_key, c.status, c.birth_date,"
    " c.birth_date_set_at, c.created_at, c.created_by, c.updated_at, c.updated_by, c.attributes, c.words, c.revision,"
    " w.id, w.balance, w.lifetime, w.activity_at, w.due_at, w.idle_on, w.period"
)


class CustomerRow(NamedTuple):
    """A customer with the written figures of the wallet, in the order of `COLUMNS`."""

    id: int
    uid: bytes
    external_id: str | None
    email: str | None
    phone: str | None
    member_code: str | None
    name: str | None
    name_key: str
    status: str
    birth_date: str | None
    birth_date_set_at: int | None
    created_at: int
    created_by: str
    updated_at: int | None
    updated_by: str | None
    attributes: str
    words: str
    revision: int
    wallet_id: int
    balance: int
    lifetime: int
    activity_at: int | None
    due_at: int | None
    idle_on: str | None
    period: int


FROM_CUSTOMER = "customer c CROSS JOIN wallet w ON w.customer_id = c.id AND w.point_type = 'points'"
FROM_WALLET = "wallet w CROSS JOIN customer c ON c.id = w.customer_id"
FROM_TOKEN = f"token t CROSS JOIN {FROM_CUSTOMER.replace(' c ', ' c ON c.id = t.customer_id ', 1)}"


def customer_of_uid(tx: Tx, uid: bytes) -> CustomerRow | None:
    """One customer by public id."""
    row = tx.one(f"SELECT {COLUMNS} FROM {FROM_CUSTOMER} WHERE c.uid = ?", (uid,))
    return CustomerRow._make(row) if row else None


def customers_by_id(tx: Tx, ids: Iterable[int]) -> list[CustomerRow]:
    """Customers by number, in no order."""
    given = json.dumps(list(ids))
    rows = tx.all(f"SELECT {COLUMNS} FROM json_each(?) j CROSS JOIN {FROM_CUSTOMER} WHERE c.id = j.value", (given,))
    return [CustomerRow._make(row) for row in rows]


def status_of(tx: Tx, uids: Iterable[bytes]) -> Iterator[tuple[int, bytes, str]]:
    """Number, public id and status of those of the customers that exist."""
    for uid in uids:
        row = tx.one("SELECT id, uid, status FROM customer WHERE uid = ?", (uid,))
        if row is not None:
            yield row[0], row[1], row[2]


IDENTIFIERS = ("external_id", "email_key", "phone_key", "member_code")


def holders(tx: Tx, column: str, values: Iterable[str]) -> dict[str, tuple[int, bytes, str | None]]:
    """Who holds an identifier already: number, public id and batch by value. `column` is one of `IDENTIFIERS`."""
    if column not in IDENTIFIERS:
        raise ValueError(column)
    rows = tx.all(
        f"SELECT {column}, id, uid, batch FROM customer WHERE {column} IN (SELECT value FROM json_each(?))",
        (json.dumps(list(values)),),
    )
    return {value: (number, uid, batch) for value, number, uid, batch in rows}


def insert_customers(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    tx.many(
        "INSERT INTO customer (id, uid, external_id, email, email_key, phone, phone_key, member_code, name, name_key,"
        " status, birth_date, birth_date_set_at, created_at, created_by, attributes, batch, words, revision)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,1)",
        rows,
    )


def update_customer(tx: Tx, row: Sequence[Any]) -> None:
    tx.run(
        "UPDATE customer SET external_id = ?, email = ?, email_key = ?, phone = ?, phone_key = ?, member_code = ?,"
        " name = ?, name_key = ?, status = ?, birth_date = ?, birth_date_set_at = ?, attributes = ?, words = ?,"
        " updated_at = ?, updated_by = ?, revision = revision + 1 WHERE id = ?",
        row,
    )


def set_status(tx: Tx, rows: Sequence[Sequence[Any]]) -> None:
    """Set a status: status, instant, actor and number of each customer."""
    tx.many(
        "UPDATE customer SET status = ?, updated_at = ?, updated_by = ?, revision = revision + 1 WHERE id = ?", rows
    )


def insert_tokens(tx: Tx, rows: Sequence[tuple[str, str, int]]) -> None:
    tx.many("INSERT OR IGNORE INTO token (word, name_key, customer_id) VALUES (?, ?, ?)", rows)


def delete_tokens(tx: Tx, rows: Sequence[tuple[str, str, int]]) -> None:
    tx.many("DELETE FROM token WHERE word = ? AND name_key = ? AND customer_id = ?", rows)


def add_to_batch(tx: Tx, uid: str, kind: str, actor: str, now: int, rows: int, points: int) -> None:
    """Count rows and points into a bulk run, which is made where it is new."""
    tx.run(
        "INSERT INTO batch (uid, kind, actor, recorded_at, rows, points) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (uid) DO UPDATE SET rows = rows + excluded.rows, points = points + excluded.points",
        (uid, kind, actor, now, rows, points),
    )


NOTE = "id, uid, text, author, recorded_at"


def notes(tx: Tx, customer_id: int, beyond: str | int | None, limit: int, *, newer: bool) -> list[Row]:
    """The notes of a customer beyond a number: older ones newest first, or `newer` ones oldest first."""
    sign, way, start = (">", "ASC", 0) if newer else ("<", "DESC", 2**62)
    return tx.all(
        f"SELECT {NOTE} FROM note WHERE customer_id = ? AND id {sign} ? ORDER BY id {way} LIMIT ?",
        (customer_id, start if beyond is None else beyond, limit),
    )


def insert_note(tx: Tx, customer_id: int, row: Sequence[Any]) -> None:
    tx.run("INSERT INTO note (customer_id, uid, text, author, recorded_at) VALUES (?, ?, ?, ?, ?)", (customer_id, *row))


def delete_note(tx: Tx, customer_id: int, uid: str) -> Row | None:
    """Delete a customer's note; answers what it was, or none where there is no such note."""
    return tx.one(f"DELETE FROM note WHERE uid = ? AND customer_id = ? RETURNING {NOTE}", (uid, customer_id))


def keep_token(tx: Tx, digest: bytes, customer_id: int, expires_at: int, now: int) -> None:
    """Keep a token's digest, and forget this customer's tokens that hold no more."""
    tx.run("DELETE FROM customer_token WHERE customer_id = ? AND expires_at <= ?", (customer_id, now))
    tx.run(
        "INSERT INTO customer_token (digest, customer_id, expires_at) VALUES (?, ?, ?)",
        (digest, customer_id, expires_at),
    )


def spread(tx: Tx, figure: str, point_type: str) -> Iterator[Row]:
    """How many wallets have each value of a written figure (`balance` or `lifetime`), the lowest first."""
    if figure not in ("balance", "lifetime"):
        raise ValueError(figure)
    return tx.rows(
        f"SELECT {figure}, count(*) FROM wallet WHERE point_type = ? GROUP BY {figure} ORDER BY {figure}", (point_type,)
    )
