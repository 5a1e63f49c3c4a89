"""The console's screens. Each is a `Pane` (console/shell.py) in a file of its own, imported when it is first opened.

How to write one::

    from core.contract import customers                      # fine here: a screen is imported after the first frame
    from console.actions import Action, bindings, register
    from console.shell import Pane
    from console.widgets.table import Column, Table, OperationSource

    register(Action("customers.new", ("n",), "new", "Enrol a customer.", rank=20, writes=True,
                    operation="customers.enrol"))            # id = scope.method; hidden where it may not be done

    class Customers(Pane):
        SCOPE, TITLE, WATCHES = "customers", "Customers", ("customers.", "points.")
        TABS = (("list", "List"), ("import", "Imports"))     # optional: [ and ]; a ContentSwitcher with these ids follows
        BINDINGS = bindings("customers")                     # after `register`

        def body(self):                                      # widgets; the shell adds notice, loading and error states
            yield Table(COLUMNS, row_id=lambda row: row.id, empty="No customers yet. n enrols one.")

        async def load(self):                                # called on mount, ctrl+r, and after WATCHES changed;
            self.query_one(Table).show(OperationSource(customers.LIST, customers.CustomerList(search="m")))
            program = await self.ask(programs.GET, NoRequest())     # an OperationError becomes the error state

        def may(self, action): ...                           # optional: whether an action makes sense now
        def action_new(self): ...                            # the action; use @work for what awaits

- Ask: `await self.ask(op, request)`; in a `@work(exclusive=True, group="search")` method a superseded one is cancelled and
  its query interrupted. Write: `await self.write(op, request, revision=…)`, which makes the request key, resolves an
  unknown answer by it and tells each state in the message line. Both raise `OperationError`.
- `self.session`: `.client .program .zone .today() .now() .offers(op) .read_only`. `self.tell(text, tone)` for what has
  just happened. `self.heading = …`, `self.dirty = True` (adds ` *`, and leaving asks). `self.empty(text)` for the whole
  pane's empty state. `self.label_tab(id, text)`, `tab_opened(id)`.
- Pages: `await self.console.open(CustomerPage(id))` stacks a pane, `self.close(result)` or esc leaves it; the pane beneath
  gets `Pane.Closed`. Screens: `self.console.go("settings")`.
- Table: `show(source)`, `ListSource(rows)` for what is read whole; messages `Table.Selected(row)` on enter,
  `Table.Highlighted(row)`, `Table.Marked`; `.row`, `.marked`, `.refresh_rows()`. Give it `classes="first-focus"`.
- Form (widgets/form.py): `Form(*fields, draft="settings")`, `values()`, `set_values`, `dirty`, `check()`, `show_error(error)`,
  `saved()`; messages `Form.Changed`, `Form.Submitted` (ctrl+s or its button). `FormDialog` puts one in a dialog.
- Dialogs: `await self.console.ask_user(Confirm(title, lines, question, typed=213))` answers True only for y;
  `await self.console.ask_user(JobDialog(job_id, title))` watches a job; leaving does not stop it. Call from `@work`.
- More of `Pane`: `open_item(id)` opens one thing chosen in the palette; `HELP` is what `?` says; `RULE = False` takes the
  rule away; `label_of(action)` (class `Labels`) changes a key's words; `shown()` runs when it is on top again.
- More of `Table`: `verb="edit"` is what enter is called, `heading=` makes group rows, `markable=True` gives space and
  `.marked`, `header=False`; `Column(title, text, width, grow, priority, right, tone)`.
- `register` what a class binds before its class body. Keys that are taken everywhere: `: ? g ' q [ ]` esc, ctrl+p r c z,
  and in lists j k up down page keys home end G enter space ctrl+d ctrl+u. tests/console/test_actions.py finds conflicts.
- Tests: tests/console/conftest.py (`make_app`, `running`, `settle`, `until`, `screen_text`, `still`, sizes).
- Text from data: `words.plain(text, width)`, shown by `rich.text.Text` or `Static(..., markup=False)`. Figures:
  `words.points, change, money, day, moment`. Styles: `self.console.tone_style("gain")`, `.dim_style`.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from console.shell import Pane


@dataclass(frozen=True, slots=True)
class ScreenSpec:
    """A screen: its name, the letter after `g`, its title, and where its class is, as `module:Class`."""

    name: str
    letter: str
    title: str
    place: str

    def make(self) -> "Pane":
        """Import the screen's module and make its pane."""
        module, _, name = self.place.partition(":")
        pane: Pane = getattr(import_module(module), name)()
        return pane


SCREENS: Final = (
    ScreenSpec("overview", "o", "Overview", "console.screens.overview:Overview"),
    ScreenSpec("customers", "c", "Customers", "console.screens.customers:Customers"),
    ScreenSpec("settings", "s", "Settings", "console.screens.settings:Settings"),
    ScreenSpec("event_points", "e", "Event points", "console.screens.event_points:EventPoints"),
    ScreenSpec("administration", "i", "Administration", "console.screens.administration:Administration"),
)
BY_NAME: Final = {screen.name: screen for screen in SCREENS}
