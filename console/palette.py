"""The palette: every command that works now, every screen, and customers as one types their name, mail, phone or code."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from console import actions, glyphs, words
from console.actions import ACTIONS, bindings
from console.shell import Modal, stagedoor

SETTLE_S = 0.12
"""How long after the last key customers are searched for."""
FOUND = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One line: what it is called, what it is about, what stands at its end, what it does."""

    text: str
    about: str
    note: str
    run: Callable[[], None]


class Palette(Modal[None]):
    """Type to find; enter does or opens it."""

    BINDINGS = bindings("pick")
    FIRST_KEYS = (("enter", "do or open"), ("↑↓", "move"))
    AUTO_FOCUS = "Input"

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[Hit] = []
        self.people: list[Hit] = []
        self.shown: list[Hit] = []

    def compose(self) -> ComposeResult:
        field = Input(placeholder="a command, or a customer's name, mail, phone or code", max_length=200)
        box = Vertical(field, OptionList(markup=False))
        box.border_title = Text("Find")
        yield box

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self.commands = self._commands()
        self._show("")

    def _commands(self) -> list[Hit]:
        from console.screens import SCREENS

        app = stagedoor(self)
        hits = []
        beneath = app.screen_stack[-2]
        for key, active in beneath.active_bindings.items():
            action = ACTIONS.get(active.binding.id or "")
            if action is not None and action.palette and active.enabled and beneath.focused is not self:
                hits.append(
                    Hit(
                        _sentence(action.label),
                        action.help,
                        actions.shown(key),
                        self._runner(active.binding.action, active.node),
                    )
                )
        spare = [action for action in actions.of_scope("app") if not action.keys]
        hits += [Hit(_sentence(action.label), action.help, "", self._runner(action.method, app)) for action in spare]
        if app.session is not None:
            hits += [Hit(f"Go to {spec.title}", "", f"g {spec.letter}", self._goer(spec.name)) for spec in SCREENS]
        unique = {hit.text: hit for hit in reversed(hits)}
        return list(unique.values())[::-1]

    def _runner(self, action: str, node: DOMNode) -> Callable[[], None]:
        app = stagedoor(self)

        def run() -> None:
            app.run_worker(app.run_action(action, default_namespace=node), group="action")

        return run

    def _goer(self, name: str) -> Callable[[], None]:
        app = stagedoor(self)
        return lambda: app.go(name)

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Find commands at once, customers a moment later."""
        self.people = []
        self._show(event.value)
        self.search(event.value.strip())

    @work(exclusive=True, group="search")
    async def search(self, text: str) -> None:
        """Search customers; a search that is superseded never shows."""
        from core.contract import customers
        from core.contract.errors import OperationError

        app = stagedoor(self)
        if not text or app.session is None or not app.session.offers(customers.LIST):
            return
        await asyncio.sleep(SETTLE_S)
        try:
            page = await app.session.ask(customers.LIST, customers.CustomerList(search=text, first=FOUND))
        except OperationError as error:
            app.tell(error.message, "loss")
            return
        if self.is_current:
            self.people = [self._person(row) for row in page.data]
            self._show(self.query_one(Input).value)

    def _person(self, row: object) -> Hit:
        from core.contract.customers import Customer

        assert isinstance(row, Customer)
        name = row.full_name or row.email or row.phone or row.member_code or row.id
        note = "  ".join(part for part in (row.email if row.full_name else None, row.member_code) if part)
        return Hit(
            words.plain(name, 30), words.plain(note, 38), "customer", lambda: stagedoor(self).open_customer(row.id)
        )

    def _show(self, typed: str) -> None:
        parts = typed.lower().split()
        commands = [hit for hit in self.commands if all(part in f"{hit.text} {hit.about}".lower() for part in parts)]
        self.shown = (self.people + commands) if parts else commands
        listing = self.query_one(OptionList)
        listing.clear_options()
        listing.add_options([Option(self._line(hit)) for hit in self.shown])
        if self.shown:
            listing.highlighted = 0
        elif parts:
            listing.add_option(Option(Text(f"Nothing is called that {glyphs.now().no} type less."), disabled=True))

    def _line(self, hit: Hit) -> Text:
        name = max(22, cell_len(hit.text))
        text = Text(words.fit(hit.text, name) + "  ", no_wrap=True)
        text.append(words.fit(hit.about, 65 - name - cell_len(hit.note)), stagedoor(self).dim_style)
        return text.append(f" {hit.note}")

    def action_lower(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    def action_higher(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    @on(Input.Submitted)
    def choose(self) -> None:
        """Do what is chosen."""
        place = self.query_one(OptionList).highlighted
        if place is not None and place < len(self.shown):
            self._choose(place)

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """A click chooses too."""
        self._choose(event.option_index)

    def _choose(self, place: int) -> None:
        hit = self.shown[place]
        self.dismiss()
        self.app.call_later(hit.run)

    def action_close(self) -> None:
        self.dismiss()


def _sentence(label: str) -> str:
    """A label with its first letter large, the rest as it is."""
    return label[:1].upper() + label[1:]
