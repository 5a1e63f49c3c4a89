"""The fields of a form: each with its label, its control, and the reason beside it where its value cannot be."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from console import glyphs, reading, words
from console.reading import Unreadable
from console.widgets.controls import Choice, ChoiceControl, Control, PickControl, SwitchControl

__all__ = [
    "Choice", "ChoiceField", "DateField", "Field", "LongTextField", "MoneyField", "NumberField", "PickField",
    "SwitchField", "TextField",
]  # fmt: skip

Value = TypeVar("Value")
Check = Callable[[Any], str | None]
"""Answers why a value cannot be, or none."""


class Field(Widget):
    """One field. `raw` is what stands in the control, `value` what it means (none where it is empty or unreadable).

    `name` is the request's field; problems of the server that name it (in camelCase) are shown here. `check` answers
    why a value cannot be.
    """

    class Changed(Message):
        """What stands in a field was changed."""

        def __init__(self, field: "Field") -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> "Field":
            return self.field

    def __init__(
        self, name: str, label: str, *, hint: str = "", required: bool = False, check: Check | None = None
    ) -> None:
        super().__init__(name=name, id=f"field-{name.replace('_', '-')}")
        self.label, self.hint, self.required, self.check_value = label, hint, required, check
        self.problem = ""
        self.refused: tuple[str, str] | None = None
        """What stood here when the server refused it, and why."""

    @property
    def key(self) -> str:
        """The request's field."""
        return self.name or ""

    @property
    def wire(self) -> str:
        """The request's field as it travels."""
        first, *rest = self.key.split("_")
        return first + "".join(part.capitalize() for part in rest)

    def compose(self) -> ComposeResult:
        yield Static("", classes="field-mark", markup=False)
        yield Static(Text(self.label), classes="field-label", markup=False)
        control = self.make()
        control.add_class("field-control")
        yield control
        yield Static(Text(self.hint), classes="field-hint", markup=False)

    def make(self) -> Widget:
        """The control."""
        raise NotImplementedError

    @property
    def raw(self) -> str:
        """What stands in the control."""
        raise NotImplementedError

    @raw.setter
    def raw(self, text: str) -> None:
        raise NotImplementedError

    def read(self) -> Any:
        """What the control means; raises `Unreadable`."""
        return self.raw.strip() or None

    def put(self, value: Any) -> None:
        """Show a value."""
        self.raw = "" if value is None else str(value)

    @property
    def value(self) -> Any:
        """What the field means, none where it cannot be read."""
        try:
            return self.read()
        except Unreadable:
            return None

    def check(self) -> str:
        """Look at the value and say beside the field why it cannot be; answers that reason, or an empty text."""
        if self.refused is not None and self.refused[0] == self.raw:
            return self.refuse(self.refused[1])
        try:
            value = self.read()
        except Unreadable as error:
            return self.refuse(str(error))
        if value is None and self.required:
            return self.refuse(f"{self.label} is needed")
        reason = self.check_value(value) if self.check_value is not None and value is not None else None
        return self.refuse(reason or "")

    def refuse(self, reason: str) -> str:
        """Show a reason beside the field; an empty one takes it away."""
        self.problem = reason
        self.set_class(bool(reason), "-bad")
        shown = f"{glyphs.now().attention} {words.plain(reason)}" if reason else self.echo() or self.hint
        self.query_one(".field-hint", Static).update(Text(shown))
        return reason

    def echo(self) -> str:
        """How the value was understood, said beside the field."""
        return ""

    def on_descendant_focus(self) -> None:
        self.query_one(".field-mark", Static).update(Text(glyphs.now().cursor))

    def on_descendant_blur(self) -> None:
        self.query_one(".field-mark", Static).update(Text(""))
        self.check()

    def changed(self) -> None:
        """Tell the form; a reason that was shown goes when it no longer holds."""
        if self.problem:
            self.check()
        elif self.echo():
            self.query_one(".field-hint", Static).update(Text(self.echo()))
        self.post_message(self.Changed(self))

    def focus(self, scroll_visible: bool = True, **kwargs: Any) -> "Field":
        """Put the focus on the control."""
        self.query_one(".field-control").focus(scroll_visible)
        return self


class TextField(Field):
    """A line of text, at most `limit` characters."""

    def __init__(self, name: str, label: str, value: str | None = "", *, limit: int = 500, **kwargs: Any) -> None:
        super().__init__(name, label, **kwargs)
        self._first = value or ""
        self.limit = limit

    def make(self) -> Widget:
        return Input(words.clean(self._first), max_length=self.limit, select_on_focus=False)

    @property
    def raw(self) -> str:
        return self.query_one(Input).value if self.is_mounted else self._first

    @raw.setter
    def raw(self, text: str) -> None:
        self._first = text
        if self.is_mounted:
            self.query_one(Input).value = words.clean(text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.changed()


class NumberField(TextField):
    """A whole number, written `1,240`; `blank` says what an empty field means."""

    def __init__(
        self, name: str, label: str, value: int | None = None, *,
        low: int | None = None, high: int | None = None, blank: str = "", **kwargs: Any,
    ) -> None:  # fmt: skip
        kwargs.setdefault("hint", f"empty: {blank}" if blank else "")
        super().__init__(name, label, "" if value is None else f"{value:,}", limit=30, **kwargs)
        self.low, self.high = low, high

    def read(self) -> int | None:
        if not self.raw.strip():
            return None
        number = reading.read_points(self.raw)
        if self.low is not None and number < self.low:
            raise Unreadable(f"at least {self.low:,}")
        if self.high is not None and number > self.high:
            raise Unreadable(f"at most {self.high:,}")
        return number

    def put(self, value: int | None) -> None:
        self.raw = "" if value is None else f"{value:,}"


class MoneyField(TextField):
    """An amount; the value is a decimal string."""

    def __init__(
        self, name: str, label: str, value: str | None = "", *, currency: str = "", decimals: int = 2, **kwargs: Any
    ) -> None:
        kwargs.setdefault("hint", currency)
        super().__init__(name, label, value, limit=30, **kwargs)
        self.decimals = decimals

    def read(self) -> str | None:
        return reading.read_money(self.raw, self.decimals) if self.raw.strip() else None


class DateField(TextField):
    """A day, read generously and said back."""

    def __init__(
        self, name: str, label: str, value: date | None = None, *, today: Callable[[], date], **kwargs: Any
    ) -> None:
        super().__init__(name, label, "" if value is None else value.isoformat(), limit=30, **kwargs)
        self.today = today

    def read(self) -> date | None:
        return reading.read_day(self.raw, self.today()) if self.raw.strip() else None

    def put(self, value: date | None) -> None:
        self.raw = "" if value is None else value.isoformat()

    def echo(self) -> str:
        value = self.value
        return "" if value is None else words.day(value)


class _ControlField(Field):
    """A field over a control of one line."""

    first = ""

    @property
    def raw(self) -> str:
        return self.query_one(Control).value if self.is_mounted else self.first

    @raw.setter
    def raw(self, text: str) -> None:
        self.first = text
        if self.is_mounted:
            self.query_one(Control).value = text

    @on(Control.Changed)
    def _chosen(self, event: Control.Changed) -> None:
        event.stop()
        self.changed()


class ChoiceField(_ControlField):
    """One of a few: `[("none", "none"), …]`, or `Choice`s with notes, `stacked` under each other."""

    def __init__(
        self, name: str, label: str, choices: Sequence[tuple[str, str] | Choice], value: str, *,
        stacked: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, label, **kwargs)
        self.choices = [item if isinstance(item, Choice) else Choice(*item) for item in choices]
        self.stacked, self.first = stacked, value

    def make(self) -> Widget:
        return ChoiceControl(self.choices, self.first, stacked=self.stacked)


class SwitchField(_ControlField):
    """On or off; the value is a bool."""

    def __init__(
        self, name: str, label: str, value: bool, *, labels: tuple[str, str] = ("on", "off"), **kwargs: Any
    ) -> None:
        super().__init__(name, label, **kwargs)
        self.labels, self.first = labels, "on" if value else ""

    def make(self) -> Widget:
        return SwitchControl(bool(self.first), self.labels)

    def read(self) -> bool:
        return bool(self.raw)

    def put(self, value: bool | None) -> None:
        self.raw = "on" if value else ""


class PickField(_ControlField):
    """One of many, in a list that filters as one types."""

    def __init__(
        self, name: str, label: str, choices: Sequence[Choice] | Callable[[], Sequence[Choice]], value: str = "",
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(name, label, **kwargs)
        self.choices = choices if callable(choices) else lambda: choices
        self.first = value

    def make(self) -> Widget:
        return PickControl(self.label, self.choices, self.first)


class LongTextField(Field):
    """Text of several lines, at most `limit` characters; tab goes on to the next field."""

    def __init__(
        self, name: str, label: str, value: str | None = "", *, limit: int = 4_000, lines: int = 4, **kwargs: Any
    ) -> None:
        super().__init__(name, label, **kwargs)
        self._first, self.limit, self.lines = value or "", limit, lines

    def make(self) -> Widget:
        area = TextArea(self._first, soft_wrap=True, tab_behavior="focus", show_line_numbers=False)
        area.styles.height = self.lines
        return area

    @property
    def raw(self) -> str:
        return self.query_one(TextArea).text if self.is_mounted else self._first

    @raw.setter
    def raw(self, text: str) -> None:
        self._first = text
        if self.is_mounted:
            self.query_one(TextArea).load_text(text)

    def read(self) -> str | None:
        text = self.raw.strip()
        if len(text) > self.limit:
            raise Unreadable(f"{len(text):,} characters; at most {self.limit:,}")
        return text or None

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.changed()
