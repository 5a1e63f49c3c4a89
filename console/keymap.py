"""The key map file: keys of one's own, by action id, checked for conflicts before any of it is used."""

import tomllib
from importlib import import_module
from pathlib import Path

from console.actions import ACTIONS, conflicts
from console.paths import config_dir

HINT = 'Write one line an action under [keys], such as:  "app.jump" = "ctrl+o"'


class BadKeyMap(Exception):
    """A key map that cannot be used; the message says which line, and why. The usual keys hold."""


def keymap_file() -> Path:
    """Where the key map is looked for."""
    return config_dir() / "keys.toml"


def load(path: Path | None = None) -> dict[str, str]:
    """The keys of the file by action id, as the toolkit takes them; empty where there is no file."""
    path = path or keymap_file()
    try:
        with path.open("rb") as file:
            wanted = tomllib.load(file).get("keys", {})
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadKeyMap(f"The key map cannot be read: {error}. {HINT} ({path})") from error
    if not isinstance(wanted, dict):
        raise BadKeyMap(f"The key map has no table [keys]. {HINT} ({path})")
    if wanted:
        know_all()
    keys = {name: _keys(path, name, value) for name, value in wanted.items()}
    found = conflicts(keys)
    if found:
        raise BadKeyMap(
            f"The key map is not used: {found[0]}."
            + (f" And {len(found) - 1} more." if found[1:] else "")
            + f" ({path})"
        )
    return {name: ",".join(parts) for name, parts in keys.items()}


def know_all() -> None:
    """Import every module that enters actions in the registry."""
    from console.screens import SCREENS

    others = ("console.palette", "console.help", "console.first_start", "console.widgets.form", "console.widgets.job")
    for module in (*others, *(screen.place.partition(":")[0] for screen in SCREENS)):
        import_module(module)


def _keys(path: Path, name: str, value: object) -> tuple[str, ...]:
    if name not in ACTIONS:
        raise BadKeyMap(f"The key map names {name!r}, which is no action. ({path})")
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(item, str) and item for item in values):
        raise BadKeyMap(f"The key map gives {name} no key. {HINT} ({path})")
    return tuple(str(item) for item in values)
