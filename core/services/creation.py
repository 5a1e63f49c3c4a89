"""A new program in an empty store."""

import json
import os
from typing import Any

from core.contract.errors import invalid
from core.contract.values import ProgramMode
from core.engine.calendar import zone
from core.services.ids import Random, uuid7
from core.services.program import DEFAULT_LABELS, touch
from core.store import audit as audit_sql
from core.store.sqlite import Store, Tx


def check_facts(name: str, currency: str, time_zone: str) -> None:
    """Refuse a name, currency or zone that no program can have. Raises `Invalid`, naming the field."""
    if not 1 <= len(name.strip()) <= 500:
        raise invalid("name", "give the program a name of 1 to 500 characters", received=name)
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise invalid("currency", "give its ISO code: three capital letters, such as EUR", received=currency)
    check_zone(time_zone)


def check_zone(time_zone: str) -> None:
    """Refuse a zone that the time zone database does not know. Raises `Invalid`."""
    try:
        zone(time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise invalid("timeZone", "give an IANA name, such as Europe/Berlin", received=time_zone) from error


def create_program(
    store: Store,
    name: str,
    currency: str,
    time_zone: str,
    mode: ProgramMode,
    now: int,
    *,
    sandbox_now: int | None = None,
    random: Random = os.urandom,
    actor: str = "system",
) -> None:
    """Write the one program that a store holds, with the settings of a new program.

    `now` is when it is made; a sandbox program may stand at `sandbox_now`. Raises `Invalid` for facts that cannot be.
    """
    check_facts(name, currency, time_zone)
    facts: dict[str, Any] = {
        "channels": [],
        "orderTypes": [],
        "enrolFromOrders": True,
        "pointValue": None,
        "breakage": None,
        "labels": DEFAULT_LABELS,
    }

    def work(tx: Tx) -> None:
        program = tx.insert(
            "INSERT INTO program (uid, organization_id, publishable_key, name, mode, currency, time_zone, facts,"
            " sandbox_now, revision, stamp) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, randomblob(16))",
            (
                uuid7(now, random),
                uuid7(now, random),
                "pk_live_" + random(16).hex(),
                name.strip(),
                mode.value,
                currency,
                time_zone,
                json.dumps(facts),
                sandbox_now,
            ),
        )
        audit_sql.insert(tx, [(now, actor, "file", "program.create", None, "Program made", None)])
        touch(tx, program)

    store.write(work)
