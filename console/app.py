"""The console: one app, a shell that stays, and the panes in it. Up to the first frame it imports the toolkit only."""

import asyncio
import gc
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from rich.style import Style
from textual import events, work
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.widget import Widget

from console import actions, glyphs, themes, words
from console.actions import bindings
from console.shell import (
    SMALLEST,
    Dialog,
    KeyLine,
    MessageLine,
    Notice,
    Pane,
    Rail,
    ShellScreen,
    Tone,
    TopLine,
    opening_text,
)

if TYPE_CHECKING:
    from console.drafts import Drafts
    from console.session import Session, WriteState
    from core.client.base import Client
    from core.contract.operation import Operation

Ans = TypeVar("Ans")
Opener = Callable[[], "Client | None"]
"""Opens the program, in a thread; none where there is no program yet."""
CHORD_S = 5.0
FOCUS_MOVES = ("app.focus_next", "app.focus_previous")
CHANGE_SETTLE_S = 0.3
QUICK_S = 0.2
"""A first screen that is read within this time is painted once, with what was read."""
DAY_CHECK_S = 300.0
"""How often to look whether a day has ended that the daily run has not done."""


class StagedoorApp(App[None], inherit_bindings=False):
    """The console over one program at a time."""

    TITLE = "Stagedoor"
    CSS_PATH = "stagedoor.tcss"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS = bindings("app")
    # The clock and the cursor are all that moves.
    animation_level = "none"

    def __init__(
        self,
        opener: Opener,
        *,
        read_only: bool = False,
        mouse: bool = True,
        theme: str | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__()
        self.opener = opener
        self.read_only = read_only
        self.mouse = mouse
        self.session: Session | None = None
        self.drafts: Drafts | None = None
        self.current_screen = ""
        self.chord = False
        self.opened_from = "opening"
        self.as_of = ""
        """Since when nothing answers; empty while something does."""
        self.crash_report: str | None = None
        self._obeys_signals = False
        self._stacks: dict[str, list[Pane]] = {}
        self._now = now
        self._chord_at = 0.0
        self._usual_keys = {key for action in actions.of_scope("app") for key in action.keys}
        self.animation_level = "none"
        for made in themes.THEMES:
            self.register_theme(made)
        self.theme = themes.choose(theme)
        glyphs.use(glyphs.choose())

    # Beginning.

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The variables that our style sheet needs, whichever theme is on."""
        return dict(themes.DARK.variables)

    def get_default_screen(self) -> Screen[None]:
        """The shell."""
        return ShellScreen()

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Everything that the first frame does not wait for."""
        from console import crash, keymap

        crash.start_log()
        if self._obeys_signals:
            self._leave_when_told()
        if keymap.keymap_file().exists():
            self._take_keymap()
        self.app_resume_signal.subscribe(self, self._paint_anew)
        self.set_interval(5, self._tick)
        self.open_program(self.opener)

    @work(group="keymap")
    async def _take_keymap(self) -> None:
        """Take one's own keys, once every screen's actions are known."""
        from console import keymap
        from console.session import in_thread

        try:
            self.set_keymap(await in_thread(keymap.load))
        except keymap.BadKeyMap as problem:
            self.tell(str(problem), "warn", seconds=30)

    def _tick(self) -> None:
        self.shell.query(TopLine).refresh()

    @work(exclusive=True, group="opening")
    async def open_program(self, opener: Opener) -> None:
        """Open a program in a thread and show it; without one, the first start."""
        from console.session import Session, in_thread

        await self._show_opening()
        session: Session | None = None
        try:
            client = await in_thread(opener)
            if client is not None:
                session = await in_thread(lambda: Session.begin(client, read_only=self.read_only))
        except Exception as error:
            from core.contract.errors import OperationError

            if not isinstance(error, OperationError):
                raise
            await self.first_start(error.message)
            return
        if session is None:
            await self.first_start()
        else:
            await self._opened(session)

    async def _opened(self, session: "Session") -> None:
        from console import recents
        from console.drafts import Drafts
        from console.screens import SCREENS

        self.session = session
        session.renew = self._renew_key
        self.drafts = Drafts(session.program.id)
        client = session.client
        recent = recents.Recent("server" if client.remote else "file", client.location, session.program.name)
        asyncio.get_running_loop().run_in_executor(None, recents.remember, recent)
        with self.batch_update():
            await self.show_screen(SCREENS[0].name)
            if self.pane is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.pane.answered.wait(), QUICK_S)
        self._follow(session)

    @work(group="opening")
    async def _follow(self, session: "Session") -> None:
        """Begin what the first screen is not to wait for, once it has been read and painted."""
        from console.session import in_thread

        if self.pane is not None:
            await self.pane.answered.wait()
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()
        await in_thread(session.learn)
        self.start_ended()
        self.refresh_shell()
        self.follow_changes()
        self.follow_days()

    def start_ended(self) -> None:
        """Collect garbage again where the start had it wait; what the start has made is here to stay."""
        if not gc.isenabled():
            gc.freeze()
            gc.enable()

    async def _renew_key(self) -> bool:
        """Let the key be entered anew; every pane and form stays as it is."""
        from console.start_forms import renew_key

        session = self.session
        if session is None:
            return False
        entered: asyncio.Future[Client | None] = asyncio.get_running_loop().create_future()
        self.push_screen(renew_key(session.client.location), entered.set_result)
        client = await entered
        if client is not None:
            session.client = client
        return client is not None

    async def first_start(self, problem: str = "") -> None:
        """No program is open: choose, make or reach one."""
        from console.first_start import FirstStart

        await self._clear_body()
        self._stacks["start"] = [FirstStart(problem)]
        await self._mount(self._stacks["start"][0], "start")
        self.start_ended()

    async def _clear_body(self) -> None:
        self._stacks.clear()
        self.current_screen = ""
        await self.body.remove_children()

    async def _show_opening(self) -> None:
        if not self.body.query(Notice) or self._stacks:
            await self._clear_body()
            await self.body.mount(Notice(opening_text(), markup=False))

    # What stands in the top line.

    @property
    def program_name(self) -> str:
        """The program's name; the product's while none is open."""
        return self.session.program.name if self.session else "Stagedoor"

    @property
    def mode_word(self) -> str:
        """LIVE, TEST, SAMPLE or SANDBOX."""
        return words.mode(self.session.program.mode) if self.session else ""

    @property
    def program_and_mode(self) -> str:
        """The program as dialogs name it: `Encore Club, LIVE`."""
        return f"{self.program_name}, {self.mode_word}" if self.mode_word else self.program_name

    @property
    def heading(self) -> str:
        """The title of what is shown, with its change mark."""
        pane = self.pane
        return "" if pane is None else pane.heading + (" *" if pane.dirty else "")

    @property
    def place(self) -> str:
        """Where the data is, short."""
        if self.session is None:
            return ""
        location = self.session.client.location
        if self.session.client.remote:
            return words.plain(location.removeprefix("https://").removeprefix("http://"), 28)
        return words.plain(os.path.basename(location), 28)

    @property
    def who(self) -> str:
        """Who works, and their role."""
        if self.session is None:
            return ""
        role = "read-only" if self.read_only else self.session.client.role.value
        return f"{words.plain(self.session.client.actor, 20)}, {role}"

    def clock_text(self, with_date: bool) -> str:
        """The clock in the program zone; the zone is named where it differs from the terminal's."""
        if self.session is None:
            return ""
        local = (self._now() if self._now else self.session.now()).astimezone(self.session.zone)
        elsewhere = local.utcoffset() != local.astimezone().utcoffset()
        time_text = f"{local:%H:%M}" + (f" {words.plain(local.tzname() or '', 5)}" if elsewhere else "")
        return f"{words.day(local.date(), year=False)} {time_text}" if with_date else time_text

    @property
    def dim_style(self) -> Style:
        """Dim text: a colour, not the terminal's dim, so that its contrast is known."""
        return Style(color=self.theme_variables.get("dim"))

    def tone_style(self, tone: Tone) -> Style:
        """The style of gain, loss, warning or dim text."""
        colour = self.theme_variables.get(tone) if tone else None
        return Style(color=colour) if colour else Style()

    # Where things are.

    @property
    def shell(self) -> ShellScreen:
        """The screen that stays, under any dialog."""
        found = self.screen_stack[0]
        assert isinstance(found, ShellScreen)
        return found

    @property
    def body(self) -> Widget:
        """Where the panes are."""
        return self.shell.query_one("#body")

    @property
    def pane(self) -> Pane | None:
        """The pane on top."""
        stack = self._stacks.get(self.current_screen)
        return stack[-1] if stack else None

    @property
    def panes(self) -> list[Pane]:
        """Every pane that is kept, shown or not."""
        return [pane for stack in self._stacks.values() for pane in stack]

    def is_page(self, pane: Pane) -> bool:
        """Whether a pane was opened from another, so that there is a way back."""
        return any(pane in stack[1:] for stack in self._stacks.values())

    def refresh_shell(self) -> None:
        """Draw top line, rail and keys anew."""
        self.shell.query(TopLine).refresh()
        self.shell.query(Rail).refresh()
        pane = self.pane
        self.shell.set_class(pane is not None and not pane.RULE, "-no-rule")
        self.shell.refresh_bindings()

    # Going places.

    def go(self, name: str, **filters: Any) -> None:
        """Go to a screen, `filters` being what to show there; what is on the one that is left stays as it is."""
        if self.session is not None:
            self.run_worker(self._go(name, filters), group="go", exclusive=True)

    async def _go(self, name: str, filters: dict[str, Any]) -> None:
        await self.show_screen(name)
        if filters:
            await self._stacks[name][0].filter_by(**filters)

    async def show_screen(self, name: str) -> None:
        """Show a screen, made on its first visit."""
        from console.screens import BY_NAME

        if name not in self._stacks:
            if self.current_screen == "":
                await self._clear_body()
            self._stacks[name] = [BY_NAME[name].make()]
            await self._mount(self._stacks[name][-1], name)
        else:
            self._show_only(self._stacks[name][-1], name)
            self._stacks[name][-1].shown()

    async def open(self, pane: Pane) -> None:
        """Open a page on top of the current screen; esc comes back."""
        self._stacks.setdefault(self.current_screen, []).append(pane)
        await self._mount(pane, self.current_screen)

    def open_customer(self, customer_id: str) -> None:
        """Open one customer's page, on the customers' screen."""
        self.run_worker(self._open_customer(customer_id), group="go", exclusive=True)

    async def _open_customer(self, customer_id: str) -> None:
        await self.show_screen("customers")
        await self._stacks["customers"][0].open_item(customer_id)

    async def _mount(self, pane: Pane, name: str) -> None:
        self._show_only(pane, name)
        await self.body.mount(pane)
        self._show_only(pane, name)
        pane.focus_first()

    def _show_only(self, pane: Pane, name: str) -> None:
        self.current_screen = name
        for other in self.panes:
            if other is not pane:
                other.display = False
        pane.display = True
        self.refresh_shell()

    async def leave(self, pane: Pane, result: object = None) -> None:
        """Leave a page for the one beneath."""
        for name, stack in self._stacks.items():
            if pane in stack[1:]:
                stack.remove(pane)
                self._show_only(stack[-1], name)
                await pane.remove()
                stack[-1].post_message(Pane.Closed(pane, result))
                stack[-1].shown()
                return

    async def ask_user(self, dialog: Screen[Ans]) -> Ans | None:
        """Show a dialog and wait for its answer; to be called from a worker."""
        return await self.push_screen_wait(dialog)

    async def confirm_leaving(self, what: str) -> bool:
        """Ask before changes are thrown away."""
        from console.widgets.confirm import Confirm

        lines = [f"{what} has changes that are not saved."]
        return await self.ask_user(Confirm("Not saved", lines, "Throw the changes away?")) is True

    def tell(self, text: str, tone: Tone = "", *, seconds: float | None = 8) -> None:
        """Say what has just happened, in the message line."""
        for line in self.shell.query(MessageLine):  # none while the console is being taken down
            line.tell(text, tone, seconds=seconds)

    # What may be done.

    def allows(self, action: actions.Action) -> bool:
        """Whether the role, the server and read-only let this action be."""
        if self.read_only and action.writes:
            return False
        if action.operation is None:
            return True
        return self.session is not None and self.session.offers_named(action.operation)

    async def write(
        self, operation: "Operation[Any, Ans]", request: Any, *, revision: int | None = None, key: str | None = None
    ) -> Ans:
        """Write once; each state of it stands in the message line."""
        assert self.session is not None
        return await self.session.write(operation, request, revision=revision, key=key, tell=self._tell_write)

    def _tell_write(self, state: "WriteState") -> None:
        if state == "sending" and self.session and self.session.client.remote:
            self.tell("Sending: not sent yet.", "dim", seconds=None)
        elif state in ("unknown", "checking"):
            self.tell(
                "Sent, answer unknown; being checked by its request key. Nothing is sent twice.", "warn", seconds=None
            )
        elif state in ("done", "refused"):
            self.tell("")

    # What others change.

    @work(exclusive=True, group="changes")
    async def follow_changes(self) -> None:
        """Follow what is changed, here or elsewhere, and let every pane know."""
        from core.contract import administration
        from core.contract.errors import OperationError, Unavailable

        session = self.session
        self._show_as_of("")
        if session is None or not session.offers(administration.CHANGES):
            return
        cursor, pause = None, 1.0
        while self.session is session:
            asked_at = self.clock_text(False)
            try:
                seen = await session.changes(cursor or 0, 0 if cursor is None else 20)
            except OperationError as error:
                if isinstance(error, Unavailable) and self.session is session:
                    self._show_as_of(self.as_of or asked_at)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10.0)
                continue
            if self.as_of:
                self._show_as_of("")
                if self.pane is not None:
                    self.pane.reload()
            if cursor is not None and seen.changes:
                for pane in self.panes:
                    pane.on_changes(seen.changes)
                await asyncio.sleep(CHANGE_SETTLE_S)
            cursor, pause = seen.cursor, 1.0

    def _show_as_of(self, when: str) -> None:
        """Mark what is shown as of when it was read, while nothing answers."""
        if when != self.as_of:
            self.as_of = when
            self.shell.query(TopLine).refresh()

    @work(exclusive=True, group="days")
    async def follow_days(self) -> None:
        """Start the daily run where it is overdue: now, and when a day has ended. A server does so by itself."""
        session = self.session
        if session is None or session.client.remote or self.read_only:
            return
        from console.session import in_thread
        from core.client.local import LocalClient
        from core.contract.errors import OperationError

        client = session.client
        while isinstance(client, LocalClient) and self.session is session:
            try:
                if await in_thread(client.run_overdue) is not None:
                    self.tell("The daily run was overdue and goes on in the background. Administration, Jobs shows it.")
            except OperationError as error:
                self.tell(f"The daily run could not be started: {error.message}", "warn")
            await asyncio.sleep(DAY_CHECK_S)

    # Keys.

    async def on_event(self, event: events.Event) -> None:
        """A letter after `g` goes to a screen; every other event takes the toolkit's way."""
        if self.chord and isinstance(event, events.Key) and not event.is_forwarded:
            self._set_chord(False)
            if event.time - self._chord_at < CHORD_S:
                self._finish_chord(event)
                return
        if isinstance(event, events.Paste) and not event.is_forwarded:
            event.text = "\n".join(words.clean(line) for line in event.text.splitlines())
        if isinstance(event, events.Key) and not event.is_forwarded and await self._ours(event):
            return
        await super().on_event(event)

    async def _ours(self, event: events.Key) -> bool:
        """Carry out a key of the shell before the next key is looked at, since both may come in one packet."""
        if event.key not in self._shell_keys and event.key not in ("tab", "shift+tab"):
            return False
        active = self.screen.active_bindings.get(event.key)
        if active is None or not active.enabled or not (active.node is self or active.binding.action in FOCUS_MOVES):
            return False
        await self.run_action(active.binding.action, default_namespace=self)
        return True

    @property
    def _shell_keys(self) -> set[str]:
        rebound = {key for name, keys in self._keymap.items() if name.startswith("app.") for key in keys.split(",")}
        return self._usual_keys | rebound

    def action_go(self) -> None:
        """Wait for the letter."""
        self._chord_at = time.monotonic()
        self._set_chord(True)
        self.set_timer(CHORD_S, self._end_chord)

    def _set_chord(self, on: bool) -> None:
        """Show the ways to go while the letter is awaited."""
        self.chord = on
        self.shell.set_class(on, "-chord")
        self.shell.query(Rail).refresh(layout=True)
        self.shell.query(KeyLine).refresh()

    def _end_chord(self) -> None:
        if self.chord and time.monotonic() - self._chord_at >= CHORD_S:
            self._set_chord(False)

    def chord_entries(self) -> list[tuple[str, str]]:
        """What may follow `g`."""
        return [("g", "and a letter goes to a screen"), ("esc", "stays here")] if self.chord else []

    def _finish_chord(self, event: events.Key) -> None:
        from console.screens import SCREENS

        if event.key == "g":
            getattr(self.focused, "action_top", lambda: None)()
        elif event.character == "@":
            self.action_change_program()
        else:
            for screen in SCREENS:
                if event.character == screen.letter:
                    self.go(screen.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a dialog only what helps there; no finding without a program."""
        in_dialog = isinstance(self.screen, Dialog)
        if action in ("go", "reload"):
            return not in_dialog and self.session is not None
        if action == "change_program":
            return not in_dialog and self.current_screen != "start"
        if action in ("find", "find_plain", "jump", "quit_asking"):
            return not in_dialog
        return True

    async def action_find(self) -> None:
        """Open the palette."""
        from console.palette import Palette

        await self.push_screen(Palette())

    async def action_find_plain(self) -> None:
        """Open the palette by its plain key."""
        await self.action_find()

    async def action_help(self) -> None:
        """Explain what has the focus."""
        from console.help import Help, helped

        if not isinstance(self.screen, Help):
            await self.push_screen(Help(helped(self.screen)))

    async def action_jump(self) -> None:
        """Label what can take the focus."""
        from console.jump import Jump, targets

        await self.push_screen(Jump(targets(self.screen)))

    def action_reload(self) -> None:
        """Read the pane anew."""
        if self.pane is not None:
            self.pane.reload()

    def action_next_theme(self) -> None:
        """The next of the four themes."""
        names = [made.name for made in themes.THEMES]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        shown = next(name for name, inner in themes.NAMES.items() if inner == self.theme)
        self.tell(f"Theme: {shown}")

    def action_swap_glyphs(self) -> None:
        """ASCII or Unicode."""
        glyphs.use(glyphs.UNICODE if glyphs.now() is glyphs.ASCII else glyphs.ASCII)
        self.shell.refresh(layout=True)
        for widget in self.shell.query("*"):
            widget.refresh()

    def action_copy_or_cancel(self) -> None:
        """Copy what is marked or chosen; otherwise cancel what runs on this screen."""
        chosen = self.screen.get_selected_text() or getattr(self.focused, "copy_text", lambda: "")()
        if chosen:
            self.copy_to_clipboard(chosen)
            self.tell("Sent to the terminal's clipboard.")
            return
        pane = self.pane
        running = [worker for worker in self.workers if worker.node is pane and worker.is_running] if pane else []
        for worker in running:
            worker.cancel()
        self.tell("Cancelled." if running else "Nothing runs here. q quits.")

    def action_change_program(self) -> None:
        """Close this program and choose another."""
        self.run_worker(self._change_program(), group="change", exclusive=True)

    async def _change_program(self) -> None:
        if await self._may_stop("Change the program anyway?"):
            await self._close_session()
            await self.first_start()

    def action_quit_asking(self) -> None:
        """Leave; asks where something is unsaved or running."""
        self.run_worker(self._quit(), group="quit", exclusive=True)

    async def _quit(self) -> None:
        if await self._may_stop("Quit anyway?"):
            await self._close_session()
            self.exit()

    async def _may_stop(self, question: str) -> bool:
        from console.widgets.confirm import Confirm

        lines = [f"{pane.heading} has changes that are not saved." for pane in self.panes if pane.dirty]
        if self.session is not None and self.session.writing:
            lines.append("A write is under way; its answer has not come yet.")
        lines += await self._running_jobs()
        return not lines or await self.ask_user(Confirm("Leave Stagedoor", lines, question)) is True

    async def _running_jobs(self) -> list[str]:
        """Jobs of this process would stop with it; a server's go on."""
        if self.session is None or self.session.client.remote:
            return []
        from core.contract import administration
        from core.contract.errors import OperationError
        from core.contract.values import JobState

        try:
            request = administration.JobList(first=5, state=JobState.RUNNING)
            page = await asyncio.wait_for(self.session.ask(administration.JOBS, request), 2)
        except (OperationError, TimeoutError):
            return []
        return [f"{words.plain(job.title, 50)} is running; it can be taken up again later." for job in page.data]

    async def _close_session(self) -> None:
        self.workers.cancel_group(self, "opening")
        self.workers.cancel_group(self, "changes")
        self.workers.cancel_group(self, "days")
        # What is shown may be painted until it is gone, and asks the session for its zone.
        await self._clear_body()
        session, self.session = self.session, None
        if session is not None:
            from console.session import in_thread

            with suppress(TimeoutError):
                await asyncio.wait_for(in_thread(session.close), 5)

    # Size and ends.

    def on_resize(self, event: events.Resize) -> None:
        """Below the smallest size a notice covers everything; all of it is there again when there is room."""
        from console.small import TooSmall

        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        covered = isinstance(self.screen, TooSmall)
        if small and not covered:
            self.push_screen(TooSmall())
        elif not small and covered:
            self.pop_screen()

    def _handle_exception(self, error: Exception) -> None:
        """Write the crash report before the toolkit leaves; a terminal gets its place, never a value of the program."""
        from console import crash

        path = crash.report(error, self.current_screen or "the first start")
        self.crash_report = str(path) if path else None
        self._keep_drafts()
        super()._handle_exception(error)

    def get_driver_class(self) -> type[Driver]:
        """The terminal's driver, which a line that hangs up does not stop."""
        from console.line import on_a_line

        return on_a_line(super().get_driver_class())

    def _paint_anew(self, _app: App[Any]) -> None:
        """Taken up again after ctrl+z: the terminal has forgotten every cell."""
        self.refresh(layout=True)
        for screen in self.screen_stack:
            screen.refresh(layout=True)
            for widget in screen.query("*"):
                widget.refresh()

    def _leave_when_told(self) -> None:
        """Who is told to stop, or whose line hangs up, leaves the terminal as it was and keeps what was typed."""
        import signal

        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                with suppress(NotImplementedError):
                    asyncio.get_running_loop().add_signal_handler(getattr(signal, name), self._told_to_stop)

    def _told_to_stop(self) -> None:
        self._keep_drafts()
        self.run_worker(self._stop(), group="stop")

    async def _stop(self) -> None:
        await self._close_session()
        self.exit(return_code=130)

    def _keep_drafts(self) -> None:
        """Keep what stands in every form, as far as a broken console lets us."""
        from console.widgets.form import Form

        for screen in self.screen_stack:
            for form in screen.query(Form):
                with suppress(Exception):
                    form.keep_draft()

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def run_console(self) -> int:
        """Run until it is left; answers the exit code, and says on standard error what a crash left behind."""
        import sys

        self._obeys_signals = True
        self.run(mouse=self.mouse)
        if self._exception is not None:
            place = f"Its report: {self.crash_report}" if self.crash_report else "No report could be written."
            print(f"Stagedoor stopped by a fault of its own. What you typed was kept. {place}", file=sys.stderr)  # noqa: T201
            return 1
        return self.return_code or 0
