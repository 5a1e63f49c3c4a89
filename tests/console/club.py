"""A small real program for tests of screens: a sandbox whose clock stands at Mon 23 Nov 2026 10:24 in Berlin."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from core.client.local import LocalClient, create
from core.contract import customers, events, ledger, program
from core.engine.calendar import to_ms
from core.services.dispatch import Desk
from core.services.runner import JobRunner
from tests.console.hands import NOON

PEOPLE = (
    ("Maria Lindqvist", "m.lindqvist@example.com", "7QK-2MD"),
    ("Mariam Haddad", "mariam.h@example.com", "4WX-9RT"),
    ("Marie-Claire Dubois", "mcdubois@example.org", "2HB-6NC"),
    ("Zoë Ångström", "zoe@example.net", "9PL-3VK"),
    ("[/red] [bold]Bobby", "tables@example.com", "5DF-8GJ"),
)


def make_club(path: Path, now: datetime = NOON) -> LocalClient:
    """Encore Club with five customers, a month of events, one adjustment; open, at its standing clock."""
    client = create(
        path, "Encore Club", "EUR", "Europe/Berlin", mode=program.ProgramMode.SANDBOX, now=to_ms(now - timedelta(days=40)),
        actor="K. Novak",
    )  # fmt: skip
    at = [now - timedelta(days=40)]
    client.desk = Desk(client.desk.store, lambda: to_ms(at[0]), random.Random(7).randbytes)
    client.call(program.UPDATE, program.ProgramUpdate(point_value="0.01", breakage="0.16"))
    fixed = program.SettingsUpdate(
        expiration_type="fixed", fixed_expire_months=12, daily_earn_cap=500, max_balance=10_000
    )
    client.call(program.UPDATE_SETTINGS, fixed)
    client.call(program.UPDATE_EVENT_POINTS, program.EventPointsUpdate(event_points={"purchase": 50, "addToCart": 0}))
    made = client.call(customers.ENROL, customers.CustomerBatch(consumers=[_draft(*person) for person in PEOPLE]))
    names = ("purchase", "appointment_checked_in", "productView", "draw_entered", "addToCart")
    for day in range(40, 0, -1):
        at[0] = now - timedelta(days=day)
        for number, customer in enumerate(made):
            if (day + number) % (number + 2) == 0:
                client.call(events.SEND, _event(customer.id, names[(day + number) % 5], at[0], day))
    at[0] = now
    wanted = ledger.Adjustment(id=made[0].id, points_delta=100, reason="Sorry for the wait", reason_code="goodwill")
    client.call(ledger.ADJUST, wanted)
    with client.desk.store.read() as tx:
        (program_id,) = tx.one("SELECT id FROM program") or (0,)
    client.desk.store.write(
        lambda tx: tx.run("UPDATE program SET sandbox_now = ? WHERE id = ?", (to_ms(now), program_id))
    )
    client.desk.fixed_clock = True
    client.runner = JobRunner(client.desk)
    return client


def _draft(name: str, email: str, code: str) -> customers.CustomerDraft:
    return customers.CustomerDraft(
        full_name=name, email=email, email_verified=True, phone_verified=False, status="ACTIVE", member_code=code,
        loyalty_balance=300, birth_date=date(1990, 2, 28), created_at=datetime(2026, 10, 1, tzinfo=UTC),
    )  # fmt: skip


def _event(customer: str, name: str, at: datetime, day: int) -> events.Event:
    return events.Event(
        organization_id="club", event_id=f"{customer}-{day}", event_name=name, event_timestamp=at, consumer_id=customer
    )
