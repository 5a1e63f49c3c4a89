"""The forms of the first start. Each answers an opener: what opens the program, in a thread."""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input, Static

from console import glyphs, words
from console.actions import bindings
from console.paths import data_dir, home_short
from console.session import in_thread
from console.shell import Dialog, stagedoor
from console.widgets.fields import Choice, PickField, TextField
from console.widgets.form import Form, FormDialog
from console.widgets.paths import PathField

if TYPE_CHECKING:
    from console.app import StagedoorApp
    from core.client.base import Client

Opener = Callable[[], "Client | None"]
CURRENCIES = (
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN", "ISK", "TRY", "UAH", "CAD",
    "AUD", "NZD", "JPY", "CNY", "HKD", "SGD", "KRW", "INR", "BRL", "MXN", "ARS", "CLP", "COP", "ZAR", "AED", "SAR",
    "ILS", "THB", "IDR", "MYR", "PHP", "VND", "TWD", "KWD", "BHD", "TND", "MAD", "EGP", "NGN", "KES",
)  # fmt: skip


def zones() -> list[Choice]:
    """Every time zone by name."""
    from zoneinfo import available_timezones

    return [Choice(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC"]


def local_zone() -> str:
    """This machine's zone where it says so, else UTC."""
    try:
        place = str(Path("/etc/localtime").resolve())
    except OSError:
        return "UTC"
    return (place.partition("zoneinfo/")[2] or "UTC").removeprefix("Etc/")


def file_opener(path: Path, read_only: bool) -> Opener:
    """What opens a program file."""

    def opener() -> "Client":
        from core.client.local import open_program

        return open_program(path.expanduser(), read_only=read_only)

    return opener


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "program"


class NewProgram(Form):
    """Name, currency, zone and place of a new program; the place follows the name until it is typed itself."""

    def __init__(self) -> None:
        place = home_short(data_dir())
        super().__init__(
            TextField("name", "Name", required=True, limit=200),
            PickField("currency", "Currency", [Choice(code, code) for code in CURRENCIES], "EUR", required=True),
            PickField("time_zone", "Time zone", zones, local_zone(), required=True),
            PathField("path", "File", f"{place}/program.db", required=True, check=_free_place),
            verb="Make it",
        )
        self._suggested = f"{place}/program.db"

    def on_form_changed(self) -> None:
        """Let the file's name follow the program's."""
        file = self.field("path")
        if file.raw == self._suggested:
            self._suggested = f"{home_short(data_dir())}/{_slug(self.field('name').raw)}.db"
            file.raw = self._suggested


def _free_place(text: str) -> str | None:
    return "there is a file already; open it instead" if Path(text).expanduser().exists() else None


def _existing(text: str) -> str | None:
    return None if Path(text).expanduser().is_file() else "there is no such file"


def new_program(app: "StagedoorApp") -> FormDialog[Opener]:
    """Make a program file, then open it."""

    async def save(values: dict[str, Any]) -> Opener:
        client = await in_thread(lambda: _create(values))
        return lambda: client

    return FormDialog("New program", NewProgram(), save)


def _create(values: dict[str, Any]) -> "Client":
    from core.client.local import create
    from core.contract.errors import Unavailable

    path = Path(values["path"]).expanduser()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The folder {path.parent} cannot be made: {error.strerror}. Choose another place."
        ) from error
    return create(path, values["name"], values["currency"], values["time_zone"])


def open_file(app: "StagedoorApp") -> FormDialog[Opener]:
    """Open a program file by its path."""

    async def save(values: dict[str, Any]) -> Opener:
        opener = file_opener(Path(values["path"]), app.read_only)
        client = await in_thread(opener)
        return lambda: client

    form = Form(PathField("path", "File", f"{home_short(data_dir())}/", required=True, check=_existing), verb="Open")
    return FormDialog("Open a program file", form, save)


class SecretField(TextField):
    """A key: what is typed is never shown and never kept in a draft."""

    def make(self) -> Widget:
        return Input(password=True, max_length=300)


def connect(app: "StagedoorApp", address: str = "") -> FormDialog[Opener]:
    """Connect to a server by its address and a key; the key stays in this process."""

    async def save(values: dict[str, Any]) -> Opener:
        client = await in_thread(lambda: _connect(values))
        return lambda: client

    form = Form(
        TextField("url", "Address", address, required=True, hint="https://host"),
        SecretField("key", "Key", required=True, hint="sk_live_… or sk_test_…"),
        verb="Connect",
    )
    return FormDialog("Connect to a server", form, save)


def renew_key(address: str) -> "FormDialog[Client]":
    """Enter the key of a server anew, where the one in use is no longer known."""

    async def save(values: dict[str, Any]) -> "Client":
        return await in_thread(lambda: _connect({"url": address, **values}))

    form = Form(SecretField("key", "Key", required=True, hint="sk_live_… or sk_test_…"), verb="Go on")
    above = f"{words.plain(address, 60)} no longer knows the key in use.\nNothing that you typed is lost."
    return FormDialog("Enter the key anew", form, save, above=above)


def _connect(values: dict[str, Any]) -> "Client":
    from core.client.connect import connect as reach

    return reach(values["url"], values["key"])


class SampleDialog(Dialog[Opener | None]):
    """Makes the sample program, with its progress; esc stops it and leaves nothing behind."""

    BINDINGS = bindings("dialog")
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self.going = True
        self.began = time.monotonic()

    def compose(self) -> ComposeResult:
        yield self.frame("Look around", Static("", id="sample", classes="dialog-text", markup=False), wide=True)

    def on_mount(self) -> None:
        self._say(0, 1)
        self.make()

    @work(exclusive=True, group="sample")
    async def make(self) -> None:
        """Make the program, or say why not."""
        from core.contract.errors import Cancelled, OperationError

        path = free_sample_path()
        try:
            await in_thread(lambda: self._make(path))
        except Cancelled:
            self.dismiss(None)
        except OperationError as error:
            self.going = False
            self.query_one("#sample", Static).update(Text(f"{glyphs.now().attention} {words.plain(error.message)}"))
        else:
            self.dismiss(file_opener(path, stagedoor(self).read_only))

    def _make(self, path: Path) -> None:
        from core.client.sample import make_sample
        from core.contract.errors import Unavailable

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"The folder {path.parent} cannot be made: {error.strerror}.") from error
        make_sample(path, progress=self._progress)

    def _progress(self, done: int, total: int) -> bool:
        self.app.call_from_thread(self._say, done, total)
        return self.going

    def _say(self, done: int, total: int) -> None:
        if not self.is_mounted:
            return
        share = done / max(1, total)
        spent = time.monotonic() - self.began
        text = Text("Two years of a club's customers, marked SAMPLE.\n\n")
        text.append(words.fit("█" * round(40 * share) if glyphs.now().braille else "#" * round(40 * share), 40))
        text.append(f"  {words.percent(100 * share)}")
        if share > 0.02:
            text.append(f"   {words.duration(spent / share - spent)} left")
        self.query_one("#sample", Static).update(text)

    def action_cancel(self) -> None:
        """Stop at the next step."""
        if self.going:
            self.going = False
        else:
            self.dismiss(None)


def free_sample_path(taken: Sequence[str] = ()) -> Path:
    """A place for another sample: `sample.db`, else `sample-2.db` and so on."""
    number = 1
    while True:
        path = data_dir() / ("sample.db" if number == 1 else f"sample-{number}.db")
        if not path.exists() and path.name not in taken:
            return path
        number += 1
