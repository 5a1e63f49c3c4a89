"""Settings: how points are earned, limited and lapse, in pages; the impact is shown before anything is saved."""

from typing import Any, Final

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, Static

from console.actions import Action, bindings, register
from console.screens import settings_impact
from console.screens.settings_impact import ImpactPage
from console.screens.settings_pages import PAGES, pages, program_change, settings_change, shown, told
from console.screens.settings_reasons import ReasonList
from console.shell import Pane
from console.widgets.confirm import Confirm
from console.widgets.form import Form
from console.widgets.job import JobDialog
from core.contract import administration
from core.contract import program as programs
from core.contract.administration import ImpactRequest
from core.contract.errors import Conflict, OperationError
from core.contract.ledger import NoRequest
from core.contract.program import Impact, ProgramUpdate, SettingsUpdate
from core.contract.values import JobState

register(
    Action("settings.save", ("ctrl+s",), "save", "See whom the changes hit, and save all of them after y.", 5,
           writes=True, operation="settings.update"),
    Action("settings.revert", ("v",), "revert", "Back to the settings that are in force.", 30, writes=True),
    Action("settings.impact", ("i",), "impact", "Whom the changes would hit, by day and by customer.", 20,
           operation="settings.impact", writes=True),
)  # fmt: skip
WITHOUT_ORDERS: Final = {
    "money": "The base rate belongs to orders, which this version does not take: it decides nothing.",
    "returns": "Returns belong to orders, which this version does not take: this decides nothing.",
    "advanced": "Rounding belongs to orders, which this version does not take: events give whole points.",
}
HITS: Final = {"enabled", "expiration_type", "expiration_unit", "length", "max_balance", "manual_credits_expire"}
"""The fields whose change is judged over every customer before it is saved."""


class Settings(Pane):
    """The pages of the settings, edited together and saved together."""

    SCOPE = "settings"
    TITLE = "Settings"
    WATCHES = ("settings.", "program.", "reasons.")
    TABS = (*PAGES, ("reasons", "Reasons"))
    HELP = "Changes on all pages are saved together. What was earned before keeps the date it has."
    BINDINGS = bindings("settings")

    def __init__(self) -> None:
        super().__init__()
        self.settings: programs.Settings | None = None
        self.program: programs.Program | None = None

    def body(self) -> ComposeResult:
        with ContentSwitcher(initial="program"):
            yield from pages(self.today)
            yield ReasonList()
        yield Static(id="settings-note", markup=False)

    def today(self) -> Any:
        """The date in the program zone."""
        return self.session.today()

    async def load(self) -> None:
        settings = await self.ask(programs.SETTINGS, NoRequest())
        program = await self.ask(programs.GET, NoRequest())
        if not self.dirty or self.settings is None:
            self.settings, self.program = settings, program
        values = shown(settings, program)
        for form in self._forms():
            form.set_values(values)
        self._fit_fields()
        await self.query_one(ReasonList).read()

    def may(self, action: Action) -> bool:
        if self.tab == "reasons":
            return False
        if action.id == "settings.revert":
            return self.dirty
        return self.dirty or action.id == "settings.save"

    def _forms(self) -> list[Form]:
        return list(self.query(Form))

    def _values(self, *, changed_only: bool = False) -> dict[str, Any]:
        return {key: value for form in self._forms() for key, value in form.values(changed_only=changed_only).items()}

    @on(Form.Changed)
    def changed(self) -> None:
        """The marker, and the fields that the choice needs."""
        self.dirty = any(form.dirty for form in self._forms())
        self._fit_fields()
        self.refresh_bindings()

    def tab_opened(self, tab: str) -> None:
        self._fit_fields()

    def _fit_fields(self) -> None:
        """Show the period only where the policy has one, and say what the page's changes mean."""
        values = self._values()
        expires = values["expiration_type"] != "none"
        for form in self._forms():
            for name in ("length", "expiration_unit"):
                if form.id == "expiry":
                    form.field(name).display = expires
            if form.id == "money" and self.program is not None:
                form.field("currency").query_one(".field-control").disabled = self.program.currency_fixed
        note = self._meaning(values) if self.dirty and self.settings is not None else ""
        note = note or WITHOUT_ORDERS.get(self.tab, "")
        self.query_one("#settings-note", Static).update(Text(note, self.console.dim_style))

    def _meaning(self, values: dict[str, Any]) -> str:
        if self.tab == "expiry":
            return _expiry_meaning(values)
        if self.tab == "limits":
            return "If you save, from today on\nCredits are cut to the room left. Nothing that customers have is taken away."
        return ""

    def action_revert(self) -> None:
        """Back to what is in force."""
        for form in self._forms():
            form.revert()
        self.changed()
        self.reload()
        self.tell("The settings in force are shown again.")

    # Saving.

    @on(Form.Submitted)
    def submitted(self, event: Form.Submitted) -> None:
        """ctrl+s in a field saves as well."""
        event.stop()
        self.action_save()

    @work(exclusive=True, group="save")
    async def action_save(self) -> None:
        """Check every page, show the impact, and save after y."""
        bad = next((form for form in self._forms() if not form.check()), None)
        if bad is not None:
            self.tab = bad.id or self.tab
            return
        if not self.dirty:
            self.tell("Nothing is changed.")
            return
        changed = self._values(changed_only=True)
        impact = await self._impact_of(changed) if HITS & set(changed) else None
        if HITS & set(changed) and impact is None:
            return
        if await self._confirm(changed, impact):
            await self._save(changed)

    async def _confirm(self, changed: dict[str, Any], impact: Impact | None) -> bool:
        assert self.settings is not None
        assert self.program is not None
        before = shown(self.settings, self.program)
        fields = {field.key: field for form in self._forms() for field in form.fields}
        lines = [told(fields[key], before.get(key), value) for key, value in changed.items()][:9]
        if impact is not None:
            lines += ["", *settings_impact.lines(impact, self.program.currency)]
        hit = impact.hit if impact is not None else None
        answer = await self.console.ask_user(Confirm("Save settings", lines, "Save these settings?", typed=hit))
        return answer is True

    async def _impact_of(self, changed: dict[str, Any]) -> Impact | None:
        """Count whom the changes hit; none where it was stopped or could not be counted, which is said."""
        update = settings_change(changed, self._values())
        try:
            started = await self.write(administration.IMPACT, ImpactRequest(settings=SettingsUpdate(**update)))
        except OperationError as error:
            self._refused(error)
            return None
        job = await self.console.ask_user(JobDialog(started.id, "Whom it would hit", leave_when_done=True))
        if job is None or job.state is not JobState.DONE or job.result is None:
            self.tell("Not saved: whom it would hit was not counted to the end.", "warn")
            return None
        return Impact.model_validate(job.result)

    @work(exclusive=True, group="save")
    async def action_impact(self) -> None:
        """Whom the changes would hit."""
        impact = await self._impact_of(self._values(changed_only=True))
        if impact is not None:
            await self.console.open(ImpactPage(impact, self.session.program.currency))

    async def _save(self, changed: dict[str, Any]) -> None:
        assert self.settings is not None
        assert self.program is not None
        settings = settings_change(changed, self._values())
        program = program_change(changed, self.program.labels)
        try:
            if settings:
                revision = self.settings.revision
                self.settings = await self.write(
                    programs.UPDATE_SETTINGS, SettingsUpdate(**settings), revision=revision
                )
            if program:
                revision = self.program.revision
                self.program = await self.write(programs.UPDATE, ProgramUpdate(**program), revision=revision)
        except Conflict as conflict:
            await self._changed_meanwhile(conflict, changed)
        except OperationError as error:
            self._refused(error)
        else:
            self._saved()

    def _saved(self) -> None:
        for form in self._forms():
            form.saved()
        self.changed()
        self.reload()
        self.tell("Saved. It holds from now on.", "gain")

    def _refused(self, error: OperationError) -> None:
        """Show a refusal beside the fields that it names."""
        for form in self._forms():
            form.show_error(_for_fields(error))
        self.tell(f"Not saved: {error.message}", "loss")

    async def _changed_meanwhile(self, conflict: Conflict, changed: dict[str, Any]) -> None:
        """Somebody else saved first: both sides are shown, and yours can be saved over theirs (J2)."""
        if conflict.code != "stale_revision":
            self._refused(conflict)
            return
        settings = await self.ask(programs.SETTINGS, NoRequest())
        program = await self.ask(programs.GET, NoRequest())
        theirs = shown(settings, program)
        fields = {field.key: field for form in self._forms() for field in form.fields}
        lines = ["Somebody changed the settings while you did. From theirs, yours would change:", ""]
        lines += [told(fields[key], theirs.get(key), value) for key, value in changed.items()]
        if await self.console.ask_user(Confirm("Changed meanwhile", lines[:16], "Save yours over theirs?")):
            self.settings, self.program = settings, program
            await self._save(changed)
        else:
            self.tell("Not saved. Your changes are still here; v takes theirs.", "warn")


def _expiry_meaning(values: dict[str, Any]) -> str:
    kind, unit, length = values["expiration_type"], values["expiration_unit"], values["length"]
    kept = "Points earned before keep the date they have."
    if kind == "none":
        return f"If you save, from today on\nNew points never expire. {kept}"
    if length is None:
        return ""
    period = f"{length:,} {unit}" if length != 1 else f"1 {unit[:-1]}"
    if kind == "fixed":
        return f"If you save, from today on\nNew points expire {period} after they were earned. {kept}"
    return f"If you save, from today on\nAll points of a customer expire {period} after the last activity, counted anew from today."


def _for_fields(error: OperationError) -> OperationError:
    """The same error, with the period's own field named as the one that stands here."""
    for issue in getattr(error, "issues", []):
        for item in issue.path:
            if str(item.key).startswith(("fixedExpire", "inactivityExpire")):
                object.__setattr__(item, "key", "length")
    return error
