"""The one form pattern: fields that check themselves as they are left, drafts, and nothing typed ever thrown away unasked."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.shell import Dialog, Labels, stagedoor
from console.widgets.fields import Field

Ans = TypeVar("Ans")
DRAFT_AFTER_S = 0.8

register(
    Action("form.save", ("ctrl+s",), "save", "Check every field and save.", 5, writes=True, palette=True),
    Action("form.next_field", ("down",), "next field", "The next field.", 100, palette=False),
    Action("form.previous_field", ("up",), "field before", "The field before.", 100, palette=False),
    Action("dialog.cancel", ("escape",), "close", "Close; asks before changes are thrown away.", 20, palette=False),
)


class Form(Labels, Vertical):
    """Fields under each other, or any widgets that hold fields. `draft` names the form, so that what is typed is kept."""

    BINDINGS = bindings("form")

    class Changed(Message):
        """A field was changed; `form.dirty` says whether it differs from what was there."""

        def __init__(self, form: "Form") -> None:
            super().__init__()
            self.form = form

    class Submitted(Message):
        """Every field may be as it is, and the person wants to save; `form.values()` is what to send."""

        def __init__(self, form: "Form") -> None:
            super().__init__()
            self.form = form

    def __init__(
        self,
        *children: Widget,
        draft: str | None = None,
        verb: str = "Save",
        button: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.parts, self.draft, self.verb, self.button = children, draft, verb, button
        self._base: dict[str, str] = {}
        self._keeping: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Horizontal(
            Static("", classes="field-draft-text", markup=False),
            Button("Take it up", id="draft-take"),
            Button("Throw it away", id="draft-drop"),
            classes="form-draft",
        )
        yield from self.parts
        yield Static("", classes="form-problem", markup=False)
        if self.button:
            yield Horizontal(Button(self.verb, id="form-save"), classes="form-buttons")

    def on_mount(self) -> None:
        self.saved(drop=False)
        self._offer_draft()

    @property
    def fields(self) -> list[Field]:
        """Every field, in order."""
        return list(self.query(Field))

    def field(self, name: str) -> Field:
        """One field by its name."""
        return next(field for field in self.fields if field.key == name)

    def values(self, *, changed_only: bool = False) -> dict[str, Any]:
        """What the fields mean, by name; with `changed_only` only those that were changed."""
        return {
            field.key: field.value
            for field in self.fields
            if not changed_only or field.raw != self._base.get(field.key)
        }

    def set_values(self, values: dict[str, Any]) -> None:
        """Show these values and take them as what was there; fields that a person has changed keep what was typed."""
        for field in self.fields:
            if field.key in values and field.raw == self._base.get(field.key, field.raw):
                field.put(values[field.key])
                self._base[field.key] = field.raw

    def revert(self) -> None:
        """Back to what was there; the draft is thrown away."""
        for field in self.fields:
            field.raw = self._base.get(field.key, "")
            field.refuse("")
        self.say("")
        self._drop_draft()

    def saved(self, *, drop: bool = True) -> None:
        """What stands here is what was saved."""
        self._base = self._raws()
        self.say("")
        if drop:
            self._drop_draft()
        self.post_message(self.Changed(self))

    def _raws(self) -> dict[str, str]:
        return {field.key: field.raw for field in self.fields}

    @property
    def dirty(self) -> bool:
        """Whether anything differs from what was there."""
        return self._raws() != self._base

    def check(self) -> bool:
        """Check every field; the focus goes to the first that cannot be."""
        bad = [field for field in self.fields if field.display and field.check()]
        if bad:
            bad[0].focus()
        return not bad

    def show_error(self, error: Exception) -> None:
        """Show a refusal beside the fields that it names, the rest below; what was typed stays."""
        rest = []
        issues = getattr(error, "issues", None) or []
        for issue in issues:
            field = self._named(issue.field)
            if field is None:
                rest.append(issue.message)
            else:
                field.refused = (field.raw, issue.message)
                field.refuse(issue.message)
        named = [field for field in self.fields if field.problem]
        if not issues or (rest and not named):
            rest = [getattr(error, "message", str(error))]
        self.say("\n".join(rest))
        if named:
            named[0].focus()

    def _named(self, path: str) -> Field | None:
        last = [part for part in path.split(".") if not part.isdigit()]
        return next((field for field in self.fields if last and field.wire == last[-1]), None)

    def say(self, problem: str) -> None:
        """Show a problem of the whole form; an empty text takes it away."""
        line = self.query_one(".form-problem", Static)
        line.display = bool(problem)
        line.update(Text("\n".join(f"{glyphs.now().attention} {words.plain(part)}" for part in problem.split("\n"))))

    # Saving.

    def action_save(self) -> None:
        """Check, and let the screen save."""
        self.say("")
        for field in self.fields:
            field.refused = None
        if self.check():
            self.post_message(self.Submitted(self))

    def action_next_field(self) -> None:
        self.screen.focus_next()

    def action_previous_field(self) -> None:
        self.screen.focus_previous()

    def label_of(self, action: Action) -> str:
        """Saving is called what its button says."""
        return self.verb.lower() if action.id == "form.save" else action.label

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "save" and stagedoor(self).read_only)

    @on(Button.Pressed, "#form-save")
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_save()

    @on(Field.Changed)
    def _field_changed(self, event: Field.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self))
        if self.draft is not None:
            if self._keeping is not None:
                self._keeping.stop()
            self._keeping = self.set_timer(DRAFT_AFTER_S, self._keep_later)

    # Drafts.

    def _keep_later(self) -> None:
        asyncio.get_running_loop().run_in_executor(None, self.keep_draft, self._raws(), self.dirty)

    def keep_draft(self, raws: dict[str, str] | None = None, dirty: bool | None = None) -> None:
        """Keep what is typed, now; forget the draft where nothing is changed."""
        drafts = stagedoor(self).drafts
        if drafts is None or self.draft is None:
            return
        if self.dirty if dirty is None else dirty:
            drafts.keep(self.draft, raws or self._raws())
        else:
            drafts.drop(self.draft)

    def _drop_draft(self) -> None:
        if self._keeping is not None:
            self._keeping.stop()
        drafts = stagedoor(self).drafts
        if drafts is not None and self.draft is not None:
            drafts.drop(self.draft)

    def _offer_draft(self) -> None:
        drafts = stagedoor(self).drafts
        found = drafts.find(self.draft) if drafts is not None and self.draft is not None else None
        if found is None:
            return
        when = datetime.fromtimestamp(found.saved_at, UTC)
        session = stagedoor(self).session
        zone = session.zone if session is not None else datetime.now().astimezone().tzinfo or UTC
        self.query_one(".form-draft").display = True
        self.query_one(".field-draft-text", Static).update(Text(f"Not saved, from {words.moment(when, zone)}:  "))
        self._found = found

    @on(Button.Pressed, "#draft-take")
    def take_draft(self, event: Button.Pressed) -> None:
        """Put what was typed before into the fields."""
        event.stop()
        for field in self.fields:
            if isinstance(self._found.values.get(field.key), str):
                field.raw = self._found.values[field.key]
        self._close_offer()

    @on(Button.Pressed, "#draft-drop")
    def drop_draft(self, event: Button.Pressed) -> None:
        """Throw what was typed before away."""
        event.stop()
        self._drop_draft()
        self._close_offer()

    def _close_offer(self) -> None:
        self.query_one(".form-draft").display = False
        if self.fields:
            self.fields[0].focus()


class FormDialog(Dialog[Ans | None], Generic[Ans]):
    """A form in a dialog. `save` is given the values and answers what the dialog answers; its `OperationError` is shown
    in the form, which keeps what was typed. esc answers none, and asks first where something was typed.
    """

    BINDINGS = bindings("dialog")
    AUTO_FOCUS = "Field .field-control"

    def __init__(
        self, title: str, form: Form, save: Callable[[dict[str, Any]], Awaitable[Ans]], *, above: str = ""
    ) -> None:
        super().__init__()
        self.title_text, self.form, self.save, self.above = title, form, save, above

    def compose(self) -> ComposeResult:
        text = Text("\n".join(words.plain(line, 500) for line in self.above.split("\n")))
        yield self.frame(
            self.title_text,
            *([Static(text, classes="dialog-text", markup=False)] if self.above else []),
            self.form,
            wide=True,
        )

    @on(Form.Submitted)
    @work(exclusive=True, group="save")
    async def submitted(self) -> None:
        """Save; a refusal is shown in the form."""
        from core.contract.errors import OperationError

        try:
            answer = await self.save(self.form.values())
        except OperationError as error:
            self.form.show_error(error)
        else:
            self.form.saved()
            self.dismiss(answer)

    @work(exclusive=True, group="leave")
    async def action_cancel(self) -> None:
        """Leave; asks where something was typed."""
        if self.form.dirty and not await stagedoor(self).confirm_leaving(self.title_text):
            return
        self.form.revert()
        self.dismiss(None)
