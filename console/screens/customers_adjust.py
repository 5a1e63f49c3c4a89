"""Adjust points: the dialog in front of the customer, its live preview, y or n (B7, S0.36, S0.37)."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any, Final

from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.widgets import Input, Static

from console import words
from console.actions import Action, bindings, register
from console.screens.customers_preview import adjustment_lines, question_of
from console.screens.customers_words import name_of
from console.shell import Dialog, Pane, stagedoor
from console.widgets.confirm import Confirm
from console.widgets.fields import Choice, NumberField, PickField, TextField
from console.widgets.form import Form
from core.contract import ledger
from core.contract import program as programs
from core.contract.customers import Customer
from core.contract.errors import AnswerUnknown, OperationError
from core.contract.ledger import Adjusted, Adjustment, AdjustmentPreview, NoRequest
from core.contract.program import ReasonItem
from core.contract.values import MAX_ADJUSTMENT, MAX_TEXT

PREVIEW_AFTER_S: Final = 0.12
"""How long after the last key the preview is asked for."""

register(
    Action("adjust.yes", ("y",), "yes", "Do it.", 10, palette=False),
    Action("adjust.fields", ("n",), "back to the fields", "Change what is asked for.", 11, palette=False),
    Action("adjust.leave", ("escape",), "close", "Close; asks where something was typed.", 20, palette=False),
)


class Question(Static, can_focus=True):
    """Where y and n are read."""

    HELP = "y does it; n goes back to the fields."


class AdjustDialog(Confirm, inherit_bindings=False):
    """Points, reason, note, what the customer reads; below them what it would do now, and the question.

    It answers what was applied, or none. What was typed stays after every error, and is kept as a draft. The request key
    is made once for what is asked, so that an answer that did not come is asked for again and nothing happens twice.
    """

    BINDINGS = [*Dialog.BINDINGS, *bindings("adjust")]
    AUTO_FOCUS = "NumberField .field-control"

    def __init__(self, customer: Customer, balance: int, reasons: Sequence[ReasonItem]) -> None:
        super().__init__("Adjust points", [], "")
        self.customer, self.balance, self.reasons = customer, balance, reasons
        self.preview: AdjustmentPreview | None = None
        self.prefilled = ""
        self.sent: tuple[Adjustment, str] | None = None
        """What was sent with which key, while its answer is unknown."""
        self.adjusting = False

    def compose(self) -> ComposeResult:
        name = words.plain(name_of(self.customer), 50)
        choices = [Choice(item.code, item.text) for item in self.reasons]
        form = Form(
            NumberField("points_delta", "Points", low=-MAX_ADJUSTMENT, high=MAX_ADJUSTMENT, required=True,
                        hint="100 adds, -100 takes", check=_not_nothing),
            PickField("reason_code", "Reason", choices, required=bool(choices)),
            TextField("reason", "Note", limit=MAX_TEXT, required=not choices, hint="for staff"),
            TextField("customer_text", "Customer reads", limit=MAX_TEXT),
            draft=f"adjust {self.customer.id}", verb="to y / n", button=False,
        )  # fmt: skip
        yield self.frame(
            self.title_text,
            Static(f"{name} has {words.points(self.balance)}.", classes="dialog-text", markup=False),
            form,
            Static(id="preview", markup=False),
            Question(id="question", markup=False),
            wide=True,
        )

    def on_mount(self) -> None:
        self.say_preview()

    @property
    def form(self) -> Form:
        """The fields."""
        return self.query_one(Form)

    def asked(self) -> Adjustment:
        """What is asked for."""
        values = {name: value for name, value in self.form.values().items() if value not in (None, "")}
        return Adjustment(id=self.customer.id, **values)

    # The preview.

    @on(Form.Changed)
    def fields_changed(self) -> None:
        """Prefill what the customer reads from the reason, and look at what it would do."""
        self._prefill()
        self.preview = None
        self.say_preview()
        self.look()

    def _prefill(self) -> None:
        code, field = self.form.field("reason_code").raw, self.form.field("customer_text")
        text = next((item.customer_text or "" for item in self.reasons if item.code == code), "")
        if text != self.prefilled and field.raw in ("", self.prefilled):
            field.raw = text
        self.prefilled = text

    @work(exclusive=True, group="search")
    async def look(self) -> None:
        """Ask what it would do; a preview that is superseded never shows."""
        points = self.form.field("points_delta").value
        session = stagedoor(self).session
        if not points or abs(points) > MAX_ADJUSTMENT or session is None:
            return
        await asyncio.sleep(PREVIEW_AFTER_S)
        # A preview needs no reason; it is asked for before the question is.
        request = Adjustment(id=self.customer.id, points_delta=points, reason="preview")
        try:
            self.preview = await session.ask(ledger.ADJUST_PREVIEW, request)
        except OperationError as error:
            self.say_preview(error.message)
        else:
            self.say_preview()

    def say_preview(self, problem: str = "") -> None:
        """Show what it would do, and ask."""
        if not self.query("#preview"):  # It was left meanwhile.
            return
        lines, tone = [problem], "loss"
        if not problem:
            lines, tone = (adjustment_lines(self.preview), "") if self.preview else (["", "", ""], "")
        app = stagedoor(self)
        text = Text("\n".join(words.plain(line, 300) for line in lines), app.tone_style(tone))  # type: ignore[arg-type]
        self.query_one("#preview", Static).update(text)
        self._ask_again()

    def _ask_again(self) -> None:
        """Show the question anew; an answer counts only from when it was painted."""
        self._painted_at = None
        self.query_one(Question).update(self._question())
        self.refresh_bindings()
        self.call_after_refresh(self._painted)

    def _question(self) -> Text:
        if self.sent is not None:
            return Text("The answer did not come. Ask again by the same key?  y / n", "bold")
        asks = question_of(self.preview)
        if asks:
            return Text(f"{asks}  y / n", "bold")
        why = "Nothing would be changed." if self.preview else "Points and a reason first; then y / n."
        return Text(why, stagedoor(self).dim_style)

    # The way to the question and its answer.

    @on(Input.Submitted)
    def next_field(self) -> None:
        """Enter goes to the next field, from the last to the question; it confirms nothing."""
        if self.focused is not None and self.focused is self.form.fields[-1].query_one(Input):
            self.form.action_save()
        else:
            self.focus_next()

    @on(Form.Submitted)
    def to_question(self) -> None:
        """Every field may be as it is."""
        self.query_one(Question).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        asking = self.query_one(Question).has_focus
        if action == "yes":
            return asking and (self.sent is not None or bool(question_of(self.preview)))
        return asking if action == "fields" else True

    def on_key(self, event: events.Key) -> None:
        """At the question the rules of every confirmation hold; in a field every key types."""
        if not self.query_one(Question).has_focus:
            event.prevent_default()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Question):
            self._ask_again()

    def action_fields(self) -> None:
        """Back to the fields."""
        if self.sent is None:
            self.form.fields[0].focus()
        else:
            self.action_leave()

    @work(exclusive=True, group="leave")
    async def action_leave(self) -> None:
        """Close; asks where something was typed."""
        if not self.adjusting and (not self.form.dirty or await stagedoor(self).confirm_leaving(self.title_text)):
            self.form.revert()
            self.dismiss(None)

    def _confirm(self) -> None:
        if not self._lone or self.adjusting or not self.query_one(Question).has_focus:
            return
        if self.sent is not None or (question_of(self.preview) and self.form.check()):
            self.adjusting = True
            self.adjust()

    @work(group="save")
    async def adjust(self) -> None:
        """Adjust, once."""
        request, key = self.sent or (self.asked(), str(uuid.uuid4()))
        try:
            answer = await stagedoor(self).write(ledger.ADJUST, request, key=key)
        except AnswerUnknown:
            self.sent = (request, key)
            self.form.disabled = True
            self._ask_again()
        except OperationError as error:
            self.sent, self.form.disabled = None, False
            self.form.show_error(error)
            self._ask_again()
        else:
            self.form.saved()
            self.dismiss(answer)  # type: ignore[arg-type]
        finally:
            self.adjusting = False


def _not_nothing(points: int) -> str | None:
    return None if points else "0 changes nothing"


async def adjust_points(pane: Pane, customer: Customer) -> Adjusted | None:
    """Ask for an adjustment and make it; answers what was applied, or none where it was left."""
    try:
        reasons = await pane.ask(programs.REASONS, NoRequest())
        wallet = await pane.ask(ledger.WALLET, ledger.EntryId(id=customer.id))
    except OperationError as error:
        pane.tell(error.message, "loss")
        return None
    answer: Any = await pane.console.ask_user(AdjustDialog(customer, wallet.balance, reasons.reasons))
    if not isinstance(answer, Adjusted):
        return None
    pane.tell(*_told(answer, words.plain(name_of(customer), 40)))
    return answer


def _told(answer: Adjusted, name: str) -> tuple[str, Any]:
    if not answer.applied:
        return f"Nothing was applied to {name}. Balance {words.points(answer.balance)}.", "warn"
    change = words.change(answer.applied_points)
    return f"{change} for {name}: balance {words.points(answer.balance)}, in force now.", "gain"
