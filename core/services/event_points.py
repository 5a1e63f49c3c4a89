"""What each event type is worth, and what happened with it lately."""

from datetime import date, timedelta

from core.contract import program as contract
from core.contract.errors import invalid
from core.contract.model import NoRequest
from core.contract.values import EVENT_TYPES, Category
from core.engine.calendar import local_date
from core.services.call import Call
from core.services.dispatch import carries_out, check_revision
from core.services.program import Books, read_books, save_configuration
from core.store import figures

SHOWN_DAYS = 30


@carries_out(contract.EVENT_POINTS)
def get(call: Call, request: NoRequest) -> contract.EventPoints:
    """Every event type by category, what it is worth, its last 30 days, and advice (S0.22)."""
    return _shown(call, call.books)


@carries_out(contract.UPDATE_EVENT_POINTS)
def update(call: Call, request: contract.EventPointsUpdate) -> contract.EventPoints:
    """Replace all overrides: a type left out returns to its default, 0 means none (B12)."""
    books, after = call.books, dict(request.event_points)
    shown = _shown(call, books).wire()
    check_revision(call, books.event_points_revision, shown, request.wire())
    for name in after:
        if name not in EVENT_TYPES:
            raise invalid(f"eventPoints.{name}", "there is no such event type", received=name)
    if after == books.overrides:
        call.audit(None, "Event points saved without a change")
        return _shown(call, books)
    save_configuration(
        call.tx, books.program_id, "event_points", after, books.event_points_revision + 1, call.now, call.caller.name
    )
    call.audit(None, "Event points: " + "; ".join(_changes(books.overrides, after)))
    return _shown(call, read_books(call.tx))


def _changes(before: dict[str, int], after: dict[str, int]) -> list[str]:
    names = [name for name in EVENT_TYPES if before.get(name) != after.get(name)]
    return [f"{name} {_plain(before, name)} → {_plain(after, name)}" for name in names]


def _plain(overrides: dict[str, int], name: str) -> str:
    return str(overrides[name]) if name in overrides else f"default {EVENT_TYPES[name][1]}"


def advice(books: Books) -> list[str]:
    """Each engagement type that is worth as much as the lowest conversion above 0, or more, in words (S0.22)."""
    values = {name: books.event_value(name) or 0 for name in EVENT_TYPES}
    conversions = [
        (values[name], name) for name, (category, _) in EVENT_TYPES.items() if category is Category.CONVERSION
    ]
    lowest, lowest_name = min((found for found in conversions if found[0] > 0), default=(0, ""))
    if not lowest:
        return []
    return [
        f"{name} ({values[name]:,}) earns {'as much as' if values[name] == lowest else 'more than'}"
        f" {lowest_name} ({lowest:,}), the lowest conversion."
        for name, (category, _) in EVENT_TYPES.items()
        if category is Category.ENGAGEMENT and values[name] >= lowest
    ]


def _shown(call: Call, books: Books) -> contract.EventPoints:
    today = local_date(call.now, books.zone)
    since: date = today - timedelta(days=SHOWN_DAYS - 1)
    lately = figures.events_by_type(call.tx, books.program_id, since, today)
    points = [
        contract.EventPoint(
            type=name,
            category=category,
            points=books.event_value(name) or 0,
            default=default,
            overridden=name in books.overrides,
            events=lately.get(name, (0, 0))[0],
            awarded=lately.get(name, (0, 0))[1],
        )
        for name, (category, default) in EVENT_TYPES.items()
    ]
    return contract.EventPoints(
        event_points=points, advice=advice(books), from_day=since, revision=books.event_points_revision
    )
