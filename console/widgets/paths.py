"""A field for a path of this machine, completed as it is typed."""

from pathlib import Path
from typing import Any

from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from console import words
from console.paths import home_short
from console.session import in_thread
from console.widgets.fields import TextField


class PathSuggester(Suggester):
    """Completes a path while it is typed; the right arrow takes it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first entry of the folder that begins so."""
        return await in_thread(lambda: complete_path(value))


def complete_path(typed: str) -> str | None:
    """The first folder or file that begins like what was typed; hidden ones only where a dot was typed."""
    folder_text, _, begin = typed.rpartition("/")
    folder = Path(folder_text or ("/" if typed.startswith("/") else ".")).expanduser()
    try:
        names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in folder.iterdir())
    except (OSError, RuntimeError):
        return None
    found = [name for name in names if name.startswith(begin) and (begin or not name.startswith("."))]
    return typed[: len(typed) - len(begin)] + found[0] if found and begin else None


class PathField(TextField):
    """A path, completed as it is typed."""

    def make(self) -> Widget:
        return Input(words.clean(self._first), max_length=self.limit, select_on_focus=False, suggester=PathSuggester())

    def put(self, value: Any) -> None:
        self.raw = home_short(value)


def place_of(text: str) -> Path:
    """A typed path, with `~` as the home folder."""
    try:
        return Path(text.strip()).expanduser()
    except RuntimeError:
        return Path(text.strip())


def is_free(text: str) -> str | None:
    """Why no file can be made there, or none: nothing is ever written over."""
    path = place_of(text)
    if path.exists():
        return "there is a file already" if path.is_file() else "that is a folder; add a file name"
    return None if path.parent.is_dir() else "there is no such folder"


def is_file(text: str) -> str | None:
    """Why it cannot be read, or none."""
    path = place_of(text)
    if path.is_dir():
        return "that is a folder"
    return None if path.is_file() else "there is no such file"
