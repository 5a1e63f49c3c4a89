"""After a crash: a report without secrets or people, the draft is kept, the log rotates."""

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.worker import WorkerFailed

from console import crash, recents
from console.shell import Pane
from console.widgets.fields import TextField
from console.widgets.form import Form
from tests.console.conftest import make_app, running, settle

SECRET = "sk_live_51Hd8f maria@example.com"


def fall(secret: str) -> None:
    raise ValueError(f"cannot use {secret}")


def test_a_report_names_kinds_and_lines_and_never_a_message_or_a_value() -> None:
    try:
        try:
            fall(SECRET)
        except ValueError as error:
            raise RuntimeError(SECRET) from error
    except RuntimeError as error:
        path = crash.report(error, "customers")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "RuntimeError" in text
    assert "ValueError" in text
    assert "in fall" in text
    assert "sk_live" not in text
    assert "maria" not in text
    assert str(Path.home()) not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_log_holds_nothing_personal_and_turns_over(own_home: Any) -> None:
    crash.LOG.handlers.clear()
    crash.start_log()
    try:
        handler = crash.LOG.handlers[0]
        assert handler.backupCount == 2  # type: ignore[attr-defined]
        assert handler.maxBytes <= 1_000_000  # type: ignore[attr-defined]
        crash.report(ValueError(SECRET), "overview")
        logging.shutdown([lambda: handler])  # type: ignore[list-item]
        assert "sk_live" not in (own_home / "state" / "console.log").read_text(encoding="utf-8")
    finally:
        crash.LOG.handlers.clear()


class Falling(Pane):
    """A screen that stops the console."""

    SCOPE, TITLE = "falling", "Falling"

    def body(self) -> ComposeResult:
        yield Form(TextField("note", "Note"), draft="falling")

    async def load(self) -> None:
        if self.loaded:
            raise KeyError(SECRET)


async def type_and_fall(app: Any) -> None:
    """Type half a sentence, then let the screen stop the console."""
    async with running(app) as pilot:
        await app.open(Falling())
        await settle(pilot)
        app.query_one(Falling).query_one(Form).field("note").raw = "half a sentence"
        await pilot.pause()
        app.pane.reload()
        await pilot.pause(0.3)


async def test_a_crash_keeps_the_draft_at_once_and_writes_its_report(own_home: Any) -> None:
    app = make_app()
    with pytest.raises(WorkerFailed):
        await type_and_fall(app)
    assert app.crash_report is not None
    report = Path(app.crash_report).read_text(encoding="utf-8")
    assert "KeyError" in report
    assert "sk_live" not in report
    (draft,) = (own_home / "state" / "drafts").rglob("*.json")
    assert json.loads(draft.read_text(encoding="utf-8"))["values"] == {"note": "half a sentence"}


def test_recent_programs_are_remembered_without_keys_and_newest_first() -> None:
    recents.remember(recents.Recent("file", "/a.db", "A"))
    recents.remember(recents.Recent("server", "https://b", "B"))
    recents.remember(recents.Recent("file", "/a.db", "A2"))
    assert [item.name for item in recents.load()] == ["A2", "B"]
    recents.recents_file().write_text("not json", encoding="utf-8")
    assert recents.load() == []
