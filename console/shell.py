"""What stands around every screen: the top line, the rail, the message line, the keys; and `Pane`, what a screen is."""

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast

from rich.cells import cell_len
from rich.text import Text
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from console import actions, glyphs, words
from console.actions import ACTIONS, bindings

if TYPE_CHECKING:
    from console.app import StagedoorApp
    from console.session import Session
    from core.contract.administration import Change
    from core.contract.operation import Operation

Ans = TypeVar("Ans")
Tone = Literal["", "gain", "loss", "warn", "dim"]
SMALLEST = (80, 24)
WIDE, HUGE = 120, 200


class TopLine(Widget):
    """Program, LIVE or not, screen, where the data is, who works, clock. It reads all of it from the app."""

    def render(self) -> Text:
        """Left: what one looks at. Right: where and who, as much as fits."""
        app = stagedoor(self)
        heading = app.heading
        left = Text(" ")
        left.append(words.plain(app.program_name, 30), "bold")
        if app.mode_word:
            left.append(f"  {app.mode_word}", "bold" if app.mode_word == "LIVE" else "")
        wide = self.size.width >= WIDE
        left.append(" " * max(3, 31 - left.cell_len) if wide else "   ")
        width = self.size.width
        for right in _rights(app, wide):
            space = width - left.cell_len - cell_len(right) - 2
            if space >= min(cell_len(heading), 24):
                break
        left.append(words.plain(heading, max(0, width - left.cell_len - cell_len(right) - 2)), "bold")
        left.append(" " * max(1, width - left.cell_len - cell_len(right) - 1))
        left.append(right, app.dim_style)
        return left


def _rights(app: "StagedoorApp", wide: bool) -> list[str]:
    who, time, place = app.who, app.clock_text(wide), app.place
    if app.as_of:
        lost = f"{glyphs.now().attention} no answer, as of {app.as_of}"
        return ["   ".join(part for part in (lost, who, time) if part), f"{lost}   {app.clock_text(False)}", lost]
    full = "   ".join(part for part in (place, who, time) if part)
    short = "   ".join(p for p in (words.plain(place, 16), who[:16], app.clock_text(False)) if p)
    return [
        full,
        short,
        "   ".join(p for p in (who, time) if p),
        "  ".join(p for p in (who[:16], app.clock_text(False)) if p),
    ]


class Rule(Widget):
    """A thin rule."""

    def render(self) -> Text:
        return Text(glyphs.now().rule * self.size.width)


class Rail(Widget):
    """The screens and their letters, at 120 columns and more."""

    def render(self) -> Text:
        from console.screens import SCREENS

        app = stagedoor(self)
        text = Text()
        for screen in SCREENS:
            here = screen.name == app.current_screen
            text.append(f" {screen.letter} ", "bold" if here or app.chord else app.dim_style)
            text.append(f"{screen.title}\n", "bold underline" if here else "")
        if app.chord:
            text.append(" g ", "bold").append("top of the list\n").append(" @ ", "bold").append("another program\n")
        return text

    def on_click(self, event: Any) -> None:
        from console.screens import SCREENS

        if event.y < len(SCREENS):
            stagedoor(self).go(SCREENS[event.y].name)


class MessageLine(Widget):
    """One line for what has just happened, above the keys; it hides nothing and leaves by itself."""

    tone: Tone = ""
    text = reactive("")

    def tell(self, text: str, tone: Tone = "", *, seconds: float | None = 8) -> None:
        """Show a line; without `seconds` it stays until the next."""
        self.tone, self.text = tone, words.plain(text)
        self._timer_count = getattr(self, "_timer_count", 0) + 1
        mine = self._timer_count
        if seconds is not None and text:
            self.set_timer(seconds, lambda: self._leave(mine))

    def _leave(self, mine: int) -> None:
        if mine == self._timer_count:
            self.text = ""

    def render(self) -> Text:
        style = stagedoor(self).tone_style(self.tone)
        mark = f"{glyphs.now().attention} " if self.tone in ("loss", "warn") and self.text else ""
        return Text(" " + words.plain(mark + self.text, max(1, self.size.width - 2)), style)


class KeyLine(Widget):
    """The keys that work now, most needed first, as many as fit; finding and help always."""

    def render(self) -> Text:
        app = stagedoor(self)
        entries = app.chord_entries() or key_entries(self.screen)
        ends = [] if app.chord else _end_entries(entries, typing=_typing(self.screen))
        middle = [entry for entry in entries if entry not in ends]
        room = self.size.width - 2 - sum(_entry_width(entry) + 3 for entry in ends)
        text = Text(" ")
        for entry in middle:
            if _entry_width(entry) > room:
                break
            room -= _entry_width(entry) + 3
            self._append(text, entry)
        for entry in ends:
            self._append(text, entry)
        return text

    def _append(self, text: Text, entry: tuple[str, str]) -> None:
        if text.cell_len > 1:
            text.append("   ")
        text.append(entry[0], "bold")
        text.append(f" {entry[1]}", stagedoor(self).dim_style)


def _entry_width(entry: tuple[str, str]) -> int:
    return cell_len(entry[0]) + 1 + cell_len(entry[1])


def _typing(screen: Screen[Any]) -> bool:
    focused = screen.focused
    return focused is not None and focused.check_consume_key("x", "x")


def _end_entries(entries: list[tuple[str, str]], *, typing: bool) -> list[tuple[str, str]]:
    wanted = ("ctrl+p",) if typing else (":", "?")
    return [entry for key in wanted for entry in entries if entry[0] == key]


def key_entries(screen: Screen[Any]) -> list[tuple[str, str]]:
    """Key and label of everything that works now and may stand in the key line, most needed first."""
    ranked: dict[str, tuple[int, int, str, str]] = {}
    typing = _typing(screen)
    for key, active in screen.active_bindings.items():
        action = ACTIONS.get(active.binding.id or "")
        if action is None or not active.enabled:
            continue
        place = action.keys.index(key) if key in action.keys else -1
        if action.id in ranked and ranked[action.id][1] <= place:
            continue
        rank = 90 if typing and action.id == "app.find" else action.rank
        if rank < 100:
            label = active.node.label_of(action) if isinstance(active.node, Labels) else action.label
            if label:
                ranked[action.id] = (rank, place, actions.shown(key), label)
    first = list(screen.FIRST_KEYS) if isinstance(screen, Modal) else []
    return first + [(key, label) for _, _, key, label in sorted(ranked.values(), key=lambda entry: entry[0])]


class Labels:
    """A node whose actions have other labels now than in the registry."""

    def label_of(self, action: actions.Action) -> str:
        """The label to show for an action."""
        return action.label


class Tabs(Widget, can_focus=True):
    """The tabs of a pane: the one that is open in brackets, so that it shows without colour.

    esc comes here from a field, where [ and ] are typed; from here they, and the arrows, change the tab.
    """

    HELP = "The pages of this screen: [ and ] or the arrows change the page, tab goes into it."

    def __init__(self, tabs: tuple[tuple[str, str], ...], chosen: str) -> None:
        super().__init__()
        self.labels = dict(tabs)
        self.chosen = chosen
        self._spans: list[tuple[int, int, str]] = []

    def render(self) -> Text:
        text, self._spans = Text(" "), []
        for name, label in self.labels.items():
            shown = f"[{label}]" if name == self.chosen else f" {label} "
            self._spans.append((text.cell_len, text.cell_len + cell_len(shown), name))
            chosen = "bold reverse" if self.has_focus else "bold"
            text.append(shown, chosen if name == self.chosen else stagedoor(self).dim_style)
        return text

    def on_key(self, event: events.Key) -> None:
        """The arrows change the tab, and go into it."""
        if event.key in ("left", "right") and isinstance(self.parent, Pane):
            event.stop()
            (self.parent.action_next_tab if event.key == "right" else self.parent.action_previous_tab)()
        elif event.key in ("down", "enter"):
            event.stop()
            self.screen.focus_next()

    def on_click(self, event: Any) -> None:
        for start, end, name in self._spans:
            if start <= event.x < end and isinstance(self.parent, Pane):
                self.parent.tab = name


class Notice(Static):
    """What a pane says about itself: that it reads, that it is empty, that something went wrong."""


class Pane(Vertical):
    """One screen's contents, or a page opened from it. See `console.screens` for how to write one."""

    SCOPE: ClassVar[str] = ""
    """The scope of its actions in the registry."""
    TITLE: ClassVar[str] = ""
    WATCHES: ClassVar[tuple[str, ...]] = ()
    """Beginnings of operation names (`"points."`) after which what it shows is read anew."""
    TABS: ClassVar[tuple[tuple[str, str], ...]] = ()
    RULE: ClassVar[bool] = True
    """Whether a rule stands under the top line."""
    NEEDS_PROGRAM: ClassVar[bool] = True
    READS_WHEN_MADE: ClassVar[bool] = True
    """Whether it is read as soon as it is made; a pane in another's tab is read when that tab is opened."""
    HELP: ClassVar[str] = ""
    """What `?` says of this screen, in a sentence or two."""
    BINDINGS = bindings("pane")

    heading = reactive("")
    dirty = reactive(False)
    tab = reactive("")

    class Closed(Message):
        """A page was left; `result` is what it wants to tell the one beneath."""

        def __init__(self, pane: "Pane", result: object) -> None:
            super().__init__()
            self.pane, self.result = pane, result

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.set_reactive(Pane.heading, self.TITLE)
        if self.TABS:
            self.set_reactive(Pane.tab, self.TABS[0][0])
        self.stale = False
        self.loaded = False
        self.read_at = ""
        self.answered = asyncio.Event()
        """Set once it was read for the first time, or could not be."""

    # What a screen fills in.

    def body(self) -> ComposeResult:
        """The widgets of this pane, below its tabs."""
        yield from ()

    async def load(self) -> None:
        """Read what is shown and show it. An `OperationError` that is raised becomes the pane's error state."""

    def may(self, action: actions.Action) -> bool:
        """Whether an action makes sense now, beyond permission: a row is chosen, something is changed."""
        return True

    async def open_item(self, item_id: str) -> None:
        """Open one of the things this screen lists, chosen in the palette."""

    async def filter_by(self, **filters: Any) -> None:
        """Show only what another screen led here for: `console.go("customers", expires_on=day)`."""

    # What the shell does for it.

    def compose(self) -> ComposeResult:
        if self.TABS:
            yield Tabs(self.TABS, self.tab)
        yield Notice("", markup=False)
        with Vertical(classes="pane-body"):
            yield from self.body()

    def on_mount(self) -> None:
        # One in a tab that was opened at once may have been read before it hears that it is mounted.
        if not self.NEEDS_PROGRAM or self.loaded:
            self._say("")
            return
        self.add_class("-reading")
        self._say(f"Reading {self.TITLE.lower()} {glyphs.now().more}", "dim")
        if self.READS_WHEN_MADE:
            self.reload()

    @property
    def console(self) -> "StagedoorApp":
        """The app, by its own type."""
        return stagedoor(self)

    @property
    def session(self) -> "Session":
        """The open program; only where `load` or a key got this far is there one."""
        session = self.console.session
        if session is None:
            raise RuntimeError("no program is open")
        return session

    @work(exclusive=True, group="load", exit_on_error=True)
    async def reload(self) -> None:
        """Read anew; what is shown stays meanwhile. A screen without a program waits for it to open."""
        if self.console.session is None:
            return
        from core.contract.errors import OperationError

        try:
            await self.load()
        except OperationError as error:
            self.fail(error)
        else:
            first = not self.loaded
            self.stale, self.loaded, self.read_at = False, True, self.console.clock_text(False)
            self.remove_class("-reading", "-failed")
            self._say("")
            if first:
                self.call_after_refresh(self._focus_if_lost)
            if self.display and self.screen.focused is None:
                self.call_after_refresh(self.focus_first)
        self.answered.set()
        self.refresh_bindings()

    def fail(self, error: "Exception") -> None:
        """Show what happened, what was kept, and the key to try again."""
        kept = f"What you see is as of {self.read_at}." if self.loaded else "Nothing was changed."
        self.remove_class("-reading")
        self.set_class(not self.loaded, "-failed")
        message = getattr(error, "message", None) or str(error)
        self._say(f"{glyphs.now().attention} {message}\n  {kept} ctrl+r tries again.", "loss")

    def empty(self, text: str) -> None:
        """The empty state: what this shows once there is something, and what to do. `""` ends it."""
        self.set_class(bool(text), "-empty")
        self._say(text)

    def _say(self, text: str, tone: Tone = "") -> None:
        notice = next(iter(self.query(Notice)), None)
        if notice is None:  # It is being left.
            return
        notice.display = bool(text)
        lines = [words.plain(line) for line in text.split("\n")]
        notice.update(Text("\n".join(lines), self.console.tone_style(tone)))

    async def ask(self, operation: "Operation[Any, Ans]", request: Any, **metadata: Any) -> Ans:
        """Ask the program; cancelled with the task that asks. Raises an `OperationError`."""
        return await self.session.ask(operation, request, **metadata)

    async def write(
        self, operation: "Operation[Any, Ans]", request: Any, *, revision: int | None = None, key: str | None = None
    ) -> Ans:
        """Write once, its state told in the message line. Raises an `OperationError`."""
        return await self.console.write(operation, request, revision=revision, key=key)

    def tell(self, text: str, tone: Tone = "") -> None:
        """Say what has just happened in the message line."""
        self.console.tell(text, tone)

    def on_changes(self, changes: "list[Change]") -> None:
        """Something was changed, here or by somebody else: read anew what is watched, at once or when shown."""
        if any(change.operation.startswith(self.WATCHES) for change in changes):
            self.stale = True
            if self.display:
                self.reload()

    def shown(self) -> None:
        """This pane is on top again."""
        if self.stale or not self.loaded:
            self.reload()
        self.focus_first()

    def focus_first(self) -> None:
        """Put the focus on the first thing that takes it."""
        focus_first(self)

    def _focus_if_lost(self) -> None:
        """What was hidden while it was read could not keep the focus."""
        if self.display and self.screen.focused is None:
            self.focus_first()

    def watch_tab(self, tab: str) -> None:
        if not self.is_mounted or not tab:
            return
        from textual.widgets import ContentSwitcher

        strip = self.query_one(Tabs)
        strip.chosen = tab
        strip.refresh()
        for switcher in self.query(ContentSwitcher):
            switcher.current = tab
        self.tab_opened(tab)
        self.call_after_refresh(self._focus_tab)

    def tab_opened(self, tab: str) -> None:
        """A tab was opened; a screen that reads it only then does so here."""

    def _focus_tab(self) -> None:
        """Into the tab; but on the tabs where its first thing is a field, in which ] would be typed."""
        from textual.widgets import ContentSwitcher

        for switcher in self.query(ContentSwitcher):
            content = switcher.visible_content
            if content is not None and content.focusable:
                content.focus()
            elif content is not None:
                focus_first(content)
        if _typing(self.screen):
            self.query_one(Tabs).focus()

    def label_tab(self, name: str, label: str) -> None:
        """Change a tab's words, to show a count: `Orders 41`."""
        strip = self.query_one(Tabs)
        strip.labels[name] = label
        strip.refresh()

    def action_next_tab(self) -> None:
        self._step_tab(1)

    def action_previous_tab(self) -> None:
        self._step_tab(-1)

    def _step_tab(self, step: int) -> None:
        names = [name for name, _ in self.TABS]
        self.tab = names[(names.index(self.tab) + step) % len(names)]

    def action_back(self) -> None:
        """Out of a field to the tabs; else back to the pane beneath."""
        if self.TABS and _typing(self.screen):
            self.query_one(Tabs).focus()
        else:
            self.close()

    @work
    async def close(self, result: object = None, *, asking: bool = True) -> None:
        """Go back to the pane beneath; asks where something is unsaved."""
        if asking and self.dirty and not await self.console.confirm_leaving(self.heading):
            return
        # The app's own worker: this pane's are cancelled as it goes, in the middle of its removal.
        self.console.run_worker(self.console.leave(self, result), group="leave")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Hide what may not be done: by the role, by the server, in read-only, or now."""
        if action in ("next_tab", "previous_tab"):
            return len(self.TABS) > 1
        if action == "back":
            return self.console.is_page(self) or (bool(self.TABS) and _typing(self.screen))
        found = ACTIONS.get(f"{self.SCOPE}.{action}")
        return True if found is None else self.console.allows(found) and self.may(found)

    def watch_heading(self) -> None:
        self._shell_refresh()

    def watch_dirty(self) -> None:
        self._shell_refresh()

    def _shell_refresh(self) -> None:
        if self.is_mounted:
            self.console.refresh_shell()


def focus_first(root: Widget) -> None:
    """Put the focus on the first thing inside that takes it, a list before a field."""
    takers = [w for w in root.query("*") if w.focusable and not isinstance(w, Tabs) and _shown(w, root)]
    lists = [widget for widget in takers if widget.has_class("first-focus")]
    if takers:
        (lists or takers)[0].focus()


def _shown(widget: Widget, root: Widget) -> bool:
    """Whether a widget is shown, and all that it stands in."""
    inside = (node for node in widget.ancestors_with_self if isinstance(node, Widget) and root in node.ancestors)
    return all(node.display for node in inside)


class Modal(ModalScreen[Ans]):
    """The base of everything that lies over the shell: its own keys stand in the place of the shell's."""

    FIRST_KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Keys of the toolkit's own widgets that the key line names first, such as enter in a field."""

    def on_mount(self) -> None:
        keys = KeyLine(classes="docked")
        self.mount(keys)
        self.bindings_updated_signal.subscribe(self, lambda _: keys.refresh())


class Dialog(Modal[Ans]):
    """The base of every dialog: as wide as what it says, its title with the program's name."""

    SCOPE: ClassVar[str] = "dialog"
    AUTO_FOCUS = "*"
    BINDINGS = [
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
        Binding("question_mark", "app.help", id="app.help"),
    ]

    def frame(self, title: str, *children: Widget, wide: bool = False) -> Vertical:
        """The frame of the dialog, to be yielded by `compose`."""
        app = stagedoor(self)
        box = Vertical(*children, classes="dialog -wide" if wide else "dialog")
        box.border_title = Text(words.plain(title, 60))
        box.border_subtitle = Text(words.plain(app.program_and_mode, 40))
        return box


class ShellScreen(Screen[None]):
    """The one screen that stays: what stands around, and the body with its panes."""

    BINDINGS = [Binding("tab", "app.focus_next", show=False), Binding("shift+tab", "app.focus_previous", show=False)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide"), (HUGE, "-huge")]
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__(id="shell")

    def compose(self) -> ComposeResult:
        yield TopLine()
        yield Rule()
        with Horizontal(id="middle"):
            yield Rail()
            yield Vertical(Notice(opening_text(), markup=False), id="body")
        yield MessageLine()
        yield KeyLine(id="keys")

    def on_mount(self) -> None:
        self.bindings_updated_signal.subscribe(self, lambda _: self.query_one("#keys").refresh())


def opening_text() -> str:
    """What stands there while the program is opened."""
    return f"Opening {glyphs.now().more}"


def stagedoor(node: Widget | Screen[Any]) -> "StagedoorApp":
    """The app of a node, by its own type."""
    return cast("StagedoorApp", node.app)
