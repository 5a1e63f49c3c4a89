"""The registry of actions, the key map file and the themes."""

from pathlib import Path

import pytest

from console import keymap, themes
from console.actions import ACTIONS, Action, conflicts
from console.screens import SCREENS


def every_action() -> dict[str, Action]:
    """The registry with every screen imported."""
    keymap.know_all()
    return ACTIONS


def test_no_two_actions_that_are_live_at_once_want_one_key() -> None:
    every_action()
    assert conflicts() == []


def test_a_conflict_is_found() -> None:
    every_action()
    assert conflicts({"app.jump": ("q",)})
    assert conflicts({"table.mark": ("q",)})
    assert conflicts({"app.jump": ("ctrl+h",)})
    assert conflicts({"app.jump": ("f5",)})
    assert conflicts({"app.jump": ("alt+x",)})


def test_every_action_says_what_it_does() -> None:
    for action in every_action().values():
        assert action.label, action.id
        assert action.help.endswith("."), action.id


def test_screens_have_letters_of_their_own() -> None:
    letters = [screen.letter for screen in SCREENS]
    assert len(set(letters)) == len(letters)
    assert "g" not in letters


def write(path: Path, text: str) -> Path:
    file = path / "keys.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_key_map_file_rebinds(tmp_path: Path) -> None:
    every_action()
    assert keymap.load(write(tmp_path, '[keys]\n"app.jump" = ["ctrl+o", "comma"]\n')) == {"app.jump": "ctrl+o,comma"}
    assert keymap.load(tmp_path / "none.toml") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[keys]\n"app.jump" = "q"\n', "app.quit_asking"),
        ('[keys]\n"app.jmp" = "x"\n', "no action"),
        ('[keys]\n"app.jump" = 3\n', "no key"),
        ("[keys\n", "cannot be read"),
        ('keys = "x"\n', "no table"),
        ('[keys]\n"app.jump" = "ctrl+m"\n', "may not be used"),
    ],
)
def test_a_wrong_key_map_is_refused_with_its_reason(tmp_path: Path, text: str, says: str) -> None:
    every_action()
    with pytest.raises(keymap.BadKeyMap, match=says):
        keymap.load(write(tmp_path, text))


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
def test_every_text_colour_has_the_contrast_to_be_read(theme: themes.Theme) -> None:
    ground = theme.background or ""
    for name in ("dim", "gain", "loss", "warn"):
        assert themes.contrast(theme.variables[name], ground) >= 4.5, name
    assert themes.contrast(theme.foreground or "", ground) >= 7
    assert themes.contrast(theme.variables["on-focus"], theme.variables["focus"]) >= 4.5
    assert themes.contrast(theme.variables["dim"], theme.variables["raised"]) >= 4.5


def test_no_color_takes_the_monochrome_theme() -> None:
    assert themes.choose(None, {"NO_COLOR": "1"}) == themes.MONO.name
    assert themes.choose("light", {"NO_COLOR": "1"}) == themes.LIGHT.name
    assert themes.choose(None, {}) == themes.DARK.name
