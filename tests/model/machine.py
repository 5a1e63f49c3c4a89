"""The state machine of one wallet: whatever is done to it, the product and the slow model show the same."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.driver import Adapter, Row
from tests.model.reference import Model, Terms

DAY, HOUR = 86_400_000, 3_600_000
STARTS = ("2026-03-20T09:30", "2026-10-18T15:00", "2024-01-25T23:30", "2026-12-28T08:00")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo")
EVENTS = ("purchase", "addToCart", "appointment_checked_in", "purchase", "productView", "pageView")
LIMITS = st.sampled_from([None] * 8 + [30, 120, 150, 0])
TERMS = st.builds(
    Terms,
    enabled=st.just(True),
    expiration=st.sampled_from(["inactivity", "fixed", "inactivity", "none"]),
    unit=st.sampled_from(["days", "days", "months"]),
    length=st.sampled_from([1, 2, 5, 14]),
    max_balance=LIMITS,
    daily_earn_cap=LIMITS,
    monthly_earn_cap=LIMITS,
    manual_credits_expire=st.sampled_from([True, True, False]),
    pending_days=st.sampled_from([4, 1, 0]),
)
LOTS = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from([0, 3, 40]), st.sampled_from([None, 0, 2, 30])), max_size=3
)
OPENING = st.tuples(LOTS, st.sampled_from([0, 150, 40]))
HISTORY = st.just([]) | st.just([]) | st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(1, 24 * 100)), max_size=4)
THEN = st.sampled_from([0, DAY, 0, 2 * DAY, HOUR, 5 * DAY])
STEPS = st.sampled_from([DAY, 2 * DAY, 7 * HOUR, 5 * DAY, DAY, HOUR, 1, 16 * DAY, 45 * DAY])


class WalletMachine(RuleBasedStateMachine):
    """Subclasses say what is driven, by `make_adapter`."""

    def __init__(self) -> None:
        super().__init__()
        self.real = self.make_adapter()
        self.undoable: list[tuple[int, str]] = []
        self.undoable_debits: list[tuple[int, str]] = []

    def make_adapter(self) -> Adapter:
        raise NotImplementedError

    @initialize(start=st.sampled_from(STARTS), terms=TERMS, opening=OPENING, history=HISTORY)
    def start(
        self, start: str, terms: Terms, opening: tuple[list[tuple[int, int, int | None]], int],
        history: list[tuple[str, int]],
    ) -> None:  # fmt: skip
        now = round(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()) * 1000
        self.model = Model(now, ZONES[0])
        self.model.settings(terms)
        self.real.start(now, ZONES[0], terms)
        lots, debt = opening if not history else ([], 0)
        lots = [lot for lot in lots if lot[2] is not None or terms.expiration != "fixed" or not lot[1]]
        entries = self.real.open(lots, debt, 0)
        self.undoable += zip(self.model.open(lots, debt, 0), entries, strict=True)
        happened = sorted(((name, now - hours * HOUR) for name, hours in history), key=lambda event: event[1])
        assert self.real.history(happened) == self.model.history(happened)

    @rule(points=st.one_of(st.integers(-80, -1), st.integers(1, 80)), then=THEN)
    def adjust(self, points: int, then: int) -> None:
        applied, seq = self.model.adjust(points)
        posted = self.real.adjust(points)
        assert posted.applied == applied
        if seq is not None and posted.entry is not None:
            (self.undoable if points > 0 else self.undoable_debits).append((seq, posted.entry))
        self.advance(then)

    @rule(name=st.sampled_from(EVENTS), names_order=st.booleans(), then=THEN)
    def event(self, name: str, names_order: bool, then: int) -> None:
        self._event(name, 0, names_order)
        self.advance(then)

    @rule(name=st.sampled_from(EVENTS), ago=st.sampled_from([HOUR, DAY, 6 * DAY, 29 * DAY]))
    def late_event(self, name: str, ago: int) -> None:
        self._event(name, ago, False)

    def _event(self, name: str, ago: int, names_order: bool) -> None:
        at = self.model.now - ago
        names_order = names_order and name == "purchase"
        assert self.real.event(name, at, names_order) == self.model.event(name, at, names_order)

    @rule(ms=STEPS)
    def advance(self, ms: int) -> None:
        self.model.advance(ms)
        self.real.advance(ms)

    @rule()
    def run_day(self) -> None:
        self.real.run_day()
        self.books_are_right()

    @rule(terms=TERMS)
    def settings(self, terms: Terms) -> None:
        terms = Terms(**{**vars(terms), "enabled": self.model.terms.enabled})
        self.model.settings(terms)
        self.real.settings(terms)

    @rule(ms=STEPS)
    def pause_for(self, ms: int) -> None:
        if self.model.terms.enabled:
            self._pause_or_go_on()
            self.advance(ms)
            self._pause_or_go_on()

    @rule(begins=st.integers(0, 5))
    def pause_or_go_on(self, begins: int) -> None:
        if not self.model.terms.enabled or begins == 5:
            self._pause_or_go_on()

    def _pause_or_go_on(self) -> None:
        terms = Terms(**{**vars(self.model.terms), "enabled": not self.model.terms.enabled})
        self.model.settings(terms)
        self.real.settings(terms)

    @rule(zone=st.sampled_from(ZONES))
    def move(self, zone: str) -> None:
        if zone != self.model.zone:
            self.model.move(zone)
            self.real.move(zone)
            self.advance(1)  # No two changes of a program fall on one millisecond.

    @precondition(lambda self: self.undoable)
    @rule(data=st.data())
    def undo(self, data: Any) -> None:
        self._undo(*self.undoable.pop(data.draw(st.integers(0, len(self.undoable) - 1), label="which")))

    @precondition(lambda self: self.undoable_debits)
    @rule(data=st.data())
    def undo_debit(self, data: Any) -> None:
        self._undo(*self.undoable_debits.pop(data.draw(st.integers(0, len(self.undoable_debits) - 1), label="which")))

    def _undo(self, seq: int, entry: str) -> None:
        assert self.real.can_undo(entry)
        assert self.real.undo(entry) == self.model.undo(seq)
        assert not self.real.can_undo(entry)

    @invariant()
    def shows_the_same(self) -> None:
        assert self.real.figures() == self.model.figures()

    def books_are_right(self) -> None:
        self.real.check()
        assert self.real.entries() == [Row(fact.kind, fact.points, fact.at) for fact in self.model.facts]

    def teardown(self) -> None:
        if hasattr(self, "model"):
            self.books_are_right()
