"""The one table: lists of any length, read page by page as one looks at them, never held whole."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console import glyphs, words
from console.actions import Action, bindings, register
from console.shell import Labels, stagedoor
from console.widgets.columns import GAP, Column, layout
from console.widgets.source import Chunk, ListSource, OperationSource, Source, Span
from console.widgets.window import Window

__all__ = ["Column", "ListSource", "OperationSource", "Source", "Table"]

Row = TypeVar("Row")
MARGIN = 3
"""Cells before the first column: cursor and mark."""
MAX_MARKS = 10_000

register(
    Action("table.down", ("down", "j"), "down", "The next row.", 100, palette=False),
    Action("table.up", ("up", "k"), "up", "The row before.", 100, palette=False),
    Action("table.page_down", ("pagedown", "ctrl+d"), "page down", "A page further down.", 100, palette=False),
    Action("table.page_up", ("pageup", "ctrl+u"), "page up", "A page further up.", 100, palette=False),
    Action("table.top", ("home",), "top", "The first row; g twice does the same.", 100, palette=False),
    Action("table.bottom", ("end", "G"), "end", "The last row.", 100, palette=False),
    Action("table.select", ("enter",), "open", "Open the chosen row.", 5, palette=False),
    Action("table.mark", ("space",), "mark", "Mark the chosen row, to do something with several.", 60, palette=False),
)


class Table(Labels, ScrollView, Generic[Row], can_focus=True):
    """A list. `show` gives it a source; it reads pages in the background and keeps the cursor on its row by id.

    `heading` answers the text of a row that is only a heading (the cursor passes over it), else None. `verb` is what
    enter does, in the key line; without one it does nothing. With `markable`, space marks rows.
    """

    HELP = "A list of any length: only what you look at is read. Marks and the chosen row stay when it is read anew."
    BINDINGS = bindings("table")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "table--header", "table--cursor", "table--cursor-focus", "table--dim", "table--gain", "table--loss",
        "table--warn", "table--heading",
    }  # fmt: skip

    cursor = reactive(0, repaint=False)

    class _RowMessage(Message):
        def __init__(self, table: "Table[Any]", row: Any) -> None:
            super().__init__()
            self.table, self.row = table, row

        @property
        def control(self) -> "Table[Any]":
            return self.table

    class Selected(_RowMessage):
        """Enter, or a click on the row that is chosen already."""

    class Highlighted(_RowMessage):
        """The cursor came to a row."""

    class Marked(_RowMessage):
        """A row was marked or its mark taken away; `table.marked` holds all of them."""

    class Read(Message):
        """Rows came in, or could not be read: `table.error` says."""

        def __init__(self, table: "Table[Any]") -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> "Table[Any]":
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        *,
        row_id: Callable[[Row], str],
        empty: str = "Nothing here yet.",
        heading: Callable[[Row], str | None] | None = None,
        verb: str = "open",
        markable: bool = False,
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = columns
        self.row_id = row_id
        self.empty = empty
        self.heading_of = heading
        self.verb = verb
        self.markable = markable
        self.head = 1 if header else 0
        self.window: Window[Row] = Window()
        self.marked: dict[str, Row] = {}
        self.error = ""
        self.reading = False
        self.generation = 0
        self._source: Source[Row] | None = None
        self._wanted_id: str | None = None
        self._widths: list[tuple[Column[Row], int]] = []

    # What a screen calls.

    def show(self, source: Source[Row], *, keep: bool = True) -> None:
        """Show another source, or the same read anew. With `keep` the cursor stays on its row, if that is still there."""
        same_kind = keep and self._source is not None and bool(self.window.rows)
        self._wanted_id = self._cursor_id() if same_kind else None
        self.generation += 1
        self.error = ""
        spans = self._visible_spans() if same_kind and self._same_list(source) else []
        self._source = source
        if not same_kind:
            self.window = Window()
            self.set_reactive(Table.cursor, 0)
        self.reading = True
        if self.size.height:
            self._read_anew(self.generation, spans or [Span(self._page_size())])
        self._resized()

    def refresh_rows(self) -> None:
        """Read what is shown anew, the cursor where it is."""
        if self._source is not None:
            self.show(self._source)

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        rows = self.window.rows
        return rows[self.cursor] if 0 <= self.cursor < len(rows) and not self._is_heading(self.cursor) else None

    @property
    def place(self) -> str:
        """Where the cursor is, in words: `row 41`, `row 41 of 2,000`, or nothing where that is not known."""
        if self.window.first is None or not self.window.rows:
            return ""
        text = f"row {self.window.first + self.cursor + 1:,}"
        total = self._source.total if self._source else None
        return text if total is None else f"{text} of {total:,}"

    def copy_text(self) -> str:
        """The chosen row as text, for the clipboard."""
        row = self.row
        return "" if row is None else "\t".join(words.plain(column.text(row)) for column, _ in self._widths)

    # Reading.

    def _same_list(self, source: Source[Row]) -> bool:
        mine = self._source
        if isinstance(mine, OperationSource) and isinstance(source, OperationSource):
            return mine.operation is source.operation and mine.request == source.request
        return mine is source

    def _page_size(self) -> int:
        return min(100, max(40, 2 * self.size.height))

    def _visible_spans(self) -> list[Span]:
        top = round(self.scroll_y)
        return self.window.spans(top, top + max(1, self.size.height))

    async def _ask(self, operation: Any, request: Any) -> Any:
        session = stagedoor(self).session
        assert session is not None
        return await session.ask(operation, request)

    @work(exclusive=True, group="table")
    async def _read_anew(self, generation: int, spans: list[Span]) -> None:
        """Read the pages that are looked at anew, and put them in the place of all that was held."""
        window: Window[Row] = Window()
        first = spans[0]
        window.first = 0 if first.after is None and first.before is None and not first.end else None
        span = first
        for _ in range(len(spans)):
            chunk = await self._page(span, generation)
            if chunk is None:
                return
            window.append(chunk)
            if chunk.end is None:
                break
            span = Span(chunk.span.size, after=chunk.end)
        top_kept = round(self.scroll_y) if window.first is not None else 0
        self.window = window
        self._place_cursor()
        self._finish(top_kept)

    @work(exclusive=True, group="table")
    async def _read_end(self, generation: int) -> None:
        """Read the last page only."""
        chunk = await self._page(Span(self._page_size(), end=True), generation)
        if chunk is None:
            return
        window: Window[Row] = Window()
        window.append(chunk)
        total = self._source.total if self._source else None
        window.first = 0 if chunk.start is None else None if total is None else max(0, total - len(chunk.rows))
        self.window = window
        self._finish(None)
        self.cursor = self._nearest(len(window.rows) - 1, -1)
        self._show_cursor()

    @work(exclusive=True, group="table")
    async def _read_on(self, generation: int, *, forward: bool) -> None:
        """Read the page after the last held, or before the first."""
        span = self._span_on(forward)
        chunk = await self._page(span, generation)
        if chunk is None:
            return
        shift = -self.window.append(chunk) if forward else self.window.prepend(chunk)
        top = round(self.scroll_y)
        self.set_reactive(Table.cursor, max(0, self.cursor + shift))
        self._finish(max(0, top + shift))

    def _span_on(self, forward: bool) -> Span:
        chunk = self.window.chunks[-1] if forward else self.window.chunks[0]
        size = self._page_size()
        return Span(size, after=chunk.end) if forward else Span(size, before=chunk.start)

    async def _page(self, span: Span, generation: int) -> Chunk[Row] | None:
        """One page; none where it failed (the table says so) or where another list is shown meanwhile."""
        from core.contract.errors import OperationError

        assert self._source is not None
        self.reading = True
        try:
            chunk = await self._source.read(self._ask, span)
        except OperationError as error:
            if generation == self.generation:
                self.reading, self.error = False, error.message
                self.refresh()
                self.post_message(self.Read(self))
            return None
        return chunk if generation == self.generation else None

    def _finish(self, top: int | None) -> None:
        self.reading, self.error = False, ""
        self._resized()
        if top is not None:
            self.scroll_to(y=top, animate=False, force=True)
        self.refresh()
        self._tell_cursor()
        self.post_message(self.Read(self))

    def _place_cursor(self) -> None:
        found = self.window.find(self._wanted_id, self.row_id) if self._wanted_id is not None else None
        place = self.cursor if found is None and self._wanted_id is not None else found or 0
        self._wanted_id = None
        self.set_reactive(Table.cursor, self._nearest(min(place, len(self.window.rows) - 1), 1))

    def _cursor_id(self) -> str | None:
        row = self.row
        return None if row is None else self.row_id(row)

    def _look_ahead(self) -> None:
        """Read on where the view comes near an end of what is held."""
        if self.reading or self.error or not self.window.rows or self._source is None:
            return
        # A page further down is there before it is asked for.
        near = max(1, min(self.size.height, self._page_size() - self.size.height))
        top = round(self.scroll_y)
        if not self.window.at_end and top + self.size.height + near > len(self.window.rows):
            self._read_on(self.generation, forward=True)
        elif self.window.can_go_back and top < near:
            self._read_on(self.generation, forward=False)

    # Moving.

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(max(1, self.size.height - self.head - 1))

    def action_page_up(self) -> None:
        self._move(-max(1, self.size.height - self.head - 1))

    def action_top(self) -> None:
        """The first row; read anew where it is not held."""
        if self.window.at_start:
            self.cursor = self._nearest(0, 1)
        elif self._source is not None:
            self.generation += 1
            self.set_reactive(Table.cursor, 0)
            self.scroll_to(y=0, animate=False, force=True)
            self._read_anew(self.generation, [Span(self._page_size())])

    def action_bottom(self) -> None:
        """The last row: one page read from the end, whatever lies between."""
        if self.window.at_end:
            self.cursor = self._nearest(len(self.window.rows) - 1, -1)
        elif self._source is not None:
            self.generation += 1
            self._read_end(self.generation)

    def action_select(self) -> None:
        if self.row is not None:
            self.post_message(self.Selected(self, self.row))

    def action_mark(self) -> None:
        """Mark or unmark the chosen row, and go on to the next."""
        row = self.row
        if row is None:
            return
        if self.marked.pop(self.row_id(row), None) is None and len(self.marked) < MAX_MARKS:
            self.marked[self.row_id(row)] = row
        self.post_message(self.Marked(self, row))
        self.refresh()
        self._move(1)

    def clear_marks(self) -> None:
        """Take all marks away."""
        self.marked.clear()
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "select":
            return bool(self.verb)
        return self.markable if action == "mark" else True

    def label_of(self, action: Action) -> str:
        """What enter does here."""
        return self.verb if action.id == "table.select" else action.label

    def _move(self, step: int) -> None:
        if self.window.rows:
            place = min(max(0, self.cursor + step), len(self.window.rows) - 1)
            self.cursor = self._nearest(place, 1 if step > 0 else -1)

    def _is_heading(self, place: int) -> bool:
        return self.heading_of is not None and self.heading_of(self.window.rows[place]) is not None

    def _nearest(self, place: int, step: int) -> int:
        """The row at this place, or the next that is no heading: in the direction first, then the other way."""
        count = len(self.window.rows)
        if count == 0:
            return 0
        place = min(max(0, place), count - 1)
        ways = list(range(place, count)) + list(range(place, -1, -1))
        if step < 0:
            ways = list(range(place, -1, -1)) + list(range(place, count))
        return next((at for at in ways if not self._is_heading(at)), place)

    def watch_cursor(self, old: int, new: int) -> None:
        self._draw_row(old)
        self._draw_row(new)
        self._show_cursor()
        self._tell_cursor()

    def _tell_cursor(self) -> None:
        if self.row is not None:
            self.post_message(self.Highlighted(self, self.row))

    def _draw_row(self, place: int) -> None:
        self.refresh(Region(0, place - round(self.scroll_y) + self.head, self.size.width, 1))

    def _show_cursor(self) -> None:
        """Scroll as little as shows the cursor."""
        top, room = round(self.scroll_y), max(1, self.size.height - self.head)
        lead = 1 if self.cursor > 0 and self._is_heading(self.cursor - 1) else 0
        if self.cursor - lead < top:
            self.scroll_to(y=self.cursor - lead, animate=False, force=True)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False, force=True)
        self._look_ahead()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._look_ahead()

    def on_click(self, event: events.Click) -> None:
        """Choose a row; a click on the chosen one opens it."""
        place = event.y - self.head + round(self.scroll_y)
        if event.y < self.head or not 0 <= place < len(self.window.rows) or self._is_heading(place):
            return
        if place == self.cursor:
            self.action_select()
        else:
            self.cursor = place

    # Drawing.

    def on_resize(self) -> None:
        self._resized()
        if self.reading and not self.window.rows and self._source is not None:
            self._read_anew(self.generation, [Span(self._page_size())])

    def _resized(self) -> None:
        self._widths = layout(self.columns, max(1, self.scrollable_content_region.width - MARGIN - 1))
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.window.rows) + self.head)
        self.refresh()

    def on_focus(self) -> None:
        self._draw_row(self.cursor)

    def on_blur(self) -> None:
        self._draw_row(self.cursor)

    def render_line(self, y: int) -> Strip:
        """One line of what is seen."""
        width = self.size.width
        if y < self.head:
            return self._header(width)
        place = y - self.head + round(self.scroll_y)
        if place < len(self.window.rows):
            return self._row_line(place, width)
        return self._beyond(place - len(self.window.rows), width)

    def _header(self, width: int) -> Strip:
        parts = [words.fit(column.title, space, right=column.right) for column, space in self._widths]
        text = " " * MARGIN + (" " * GAP).join(parts)
        return self._strip([Segment(text, self._style("header"))], width, Style())

    def _row_line(self, place: int, width: int) -> Strip:
        row = self.window.rows[place]
        heading = self.heading_of(row) if self.heading_of is not None else None
        if heading is not None:
            return self._strip([Segment(" " + words.plain(heading, width - 2), self._style("heading"))], width, Style())
        chosen = place == self.cursor
        base = self._style("cursor-focus" if self.has_focus else "cursor") if chosen else Style()
        marks = glyphs.now()
        lead = (marks.cursor if chosen else " ") + (marks.mark if self.row_id(row) in self.marked else " ")
        segments = [Segment(f" {lead}"[:MARGIN].ljust(MARGIN), base)]
        for number, (column, space) in enumerate(self._widths):
            tone = column.tone(row)
            style = base if (chosen and self.has_focus) or not tone else base + self._style(tone)
            gap = " " * GAP if number else ""
            segments.append(Segment(gap + words.fit(column.text(row), space, right=column.right), style))
        return self._strip(segments, width, base)

    def _beyond(self, below: int, width: int) -> Strip:
        """What stands below the rows that are held: rows to come, why there are none, or what went wrong."""
        if self.error:
            lines = [f"{glyphs.now().attention} {self.error}", "  What you see was kept. ctrl+r tries again."]
            text, style = (lines[below], "loss") if below < len(lines) else ("", "dim")
        elif self.reading or not self.window.at_end:
            text, style = self._placeholder(), "dim"
        elif not self.window.rows and self._source is not None:
            lines = [*[""] * self.head, *self.empty.split("\n")]
            text, style = (lines[below], "dim") if below < len(lines) else ("", "dim")
        else:
            return Strip.blank(width, self.rich_style)
        return self._strip(
            [Segment(" " * MARGIN + words.plain(text, width - MARGIN), self._style(style))], width, Style()
        )

    def _placeholder(self) -> str:
        dot = glyphs.now().hidden
        parts = [words.fit(dot * min(space, 8), space, right=column.right) for column, space in self._widths]
        return (" " * GAP).join(parts)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"table--{name}", partial=True)

    def _strip(self, segments: list[Segment], width: int, base: Style) -> Strip:
        used = sum(cell_len(segment.text) for segment in segments)
        filled = [*segments, Segment(" " * max(0, width - used), base)]
        ground = self.rich_style
        return Strip([Segment(text, ground + (style or Style())) for text, style, _ in filled]).crop(0, width)
