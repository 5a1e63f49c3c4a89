"""API keys: who may come in, in which role; and what each role may do (S5.12)."""

from typing import Any, Final

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from console import glyphs, words
from console.actions import Action, bindings, register
from console.screens.part import Part
from console.widgets.confirm import Confirm
from console.widgets.fields import Choice, ChoiceField, TextField
from console.widgets.form import Form, FormDialog
from console.widgets.table import Column, ListSource, OperationSource, Table
from console.widgets.told import Told
from core.contract import administration
from core.contract.administration import ApiKey, KeyDraft, KeyId, KeyList
from core.contract.errors import OperationError
from core.contract.operation import Permission
from core.contract.roles import ROLES, Role

register(
    Action("keys.new", ("n",), "new key", "Make a key for a server's door, in a role.", 10, writes=True,
           operation="keys.create"),
    Action("keys.revoke", ("x", "delete"), "revoke", "Let the chosen key in no more; asks first.", 15, writes=True,
           operation="keys.revoke"),
)  # fmt: skip
MAY: Final = {
    Permission.PROGRAM_READ: "See the program",
    Permission.PROGRAM_WRITE: "Change settings",
    Permission.CUSTOMERS_READ: "See customers",
    Permission.CUSTOMERS_WRITE: "Change customers",
    Permission.POINTS_ADJUST: "Adjust points",
    Permission.POINTS_UNDO_BATCH: "Undo bulk runs",
    Permission.EVENTS_READ: "See events",
    Permission.EVENTS_WRITE: "Send events",
    Permission.HISTORY_LOAD: "Load history",
    Permission.JOBS_READ: "See jobs",
    Permission.AUDIT_READ: "See the audit log",
    Permission.BOOKS_RUN: "Prove, daily run",
    Permission.KEYS_MANAGE: "Manage keys",
    Permission.OWN_ACCOUNT: "See own points",
}
NOTES: Final = {
    Role.OWNER: "everything, loading history too",
    Role.ADMIN: "everything but loading history",
    Role.EDITOR: "settings, events, customers",
    Role.SUPPORT: "customers and their points",
    Role.VIEWER: "looks, without customers",
    Role.EVENTS: "only sends events; may be public",
}


def _column(role: Role) -> Column[Permission]:
    return Column(
        role.value, lambda permission: glyphs.now().yes if permission in ROLES[role] else glyphs.now().hidden,
        max(5, len(role.value)), tone=lambda permission: "" if permission in ROLES[role] else "dim",
    )  # fmt: skip


class Keys(Part):
    """The keys, and the table of roles."""

    SCOPE = "keys"
    TITLE = "Keys"
    WATCHES = ("keys.",)
    BINDINGS = bindings("keys")

    def body(self) -> ComposeResult:
        columns: list[Column[ApiKey]] = [
            Column("Key", lambda key: key.name, 16, grow=2),
            Column("Role", lambda key: key.role.value, 8),
            Column("Begins with", lambda key: key.prefix, 17),
            Column("Made", lambda key: self._when(key.created_at), 16, priority=2),
            Column("Last used", _used(self), 16, tone=lambda key: "dim" if key.revoked_at else ""),
        ]
        yield Table(columns, row_id=lambda key: key.id, classes="first-focus", id="keys-list", verb="look",
                    empty="No keys yet. stagedoor serve makes the owner's at its first start; n makes one now.")  # fmt: skip
        yield Static("What each role may do", classes="heading")
        roles: list[Column[Permission]] = [
            Column("", lambda permission: MAY[permission], 17), *(_column(role) for role in ROLES)
        ]  # fmt: skip
        yield Table(roles, row_id=lambda permission: permission.value, id="roles", verb="")

    def _when(self, instant: Any) -> str:
        return words.moment(instant, self.session.zone, today=self.session.today())

    async def read(self) -> None:
        self.query_one("#keys-list", Table).show(OperationSource(administration.KEYS, KeyList()))
        self.query_one("#roles", Table).show(ListSource(list(Permission)))

    @property
    def key(self) -> ApiKey | None:
        """The chosen key."""
        row: ApiKey | None = self.query_one("#keys-list", Table).row
        return row

    def may(self, action: Action) -> bool:
        return action.id != "keys.revoke" or (self.key is not None and self.key.revoked_at is None)

    @on(Table.Highlighted, "#keys-list")
    @on(Table.Read, "#keys-list")
    def moved(self) -> None:
        """Whether it can be revoked is the row's; the list is as high as it needs."""
        table = self.query_one("#keys-list", Table)
        table.styles.height = min(len(table.window.rows), 12) + 2 if table.window.rows else 3
        self.refresh_bindings()

    @on(Table.Selected, "#keys-list")
    def selected(self, event: Table.Selected) -> None:
        """The whole of a key, but for its secret, which nobody has."""
        key: ApiKey = event.row
        facts = [
            ("Role", f"{key.role.value}: {NOTES.get(key.role, '')}"),
            ("Begins with", key.prefix),
            ("Made", self._when(key.created_at)),
            ("Last used", self._when(key.last_used_at)),
            ("Revoked", self._when(key.revoked_at)),
            ("Number", key.id),
        ]
        self.console.push_screen(
            Told(key.name, ["Its secret is kept nowhere; lost, it is revoked and made anew.", ""], facts)
        )

    @work(exclusive=True, group="keys")
    async def action_new(self) -> None:
        """Make a key and show its secret, this once."""
        mine = ROLES[self.session.client.role]
        roles = [Choice(role.value, role.value, note) for role, note in NOTES.items() if ROLES[role] <= mine]
        form = Form(
            TextField("name", "Name", limit=200, required=True, hint="what it is for"),
            ChoiceField("role", "Role", roles, Role.SUPPORT.value, stacked=True),
            verb="Make it",
        )
        made: ApiKey | None = await self.console.ask_user(FormDialog("New key", form, self._make))
        if made is None:
            return
        lines = [f"The key “{made.name}” for the role {made.role.value}. It is shown this once and kept nowhere:"]
        facts = [("Now", "copy it into a safe place, then close this with esc")]
        await self.console.ask_user(Told("New key", lines, facts, copied=made.secret or ""))
        self.reload()

    async def _make(self, values: dict[str, Any]) -> ApiKey:
        return await self.write(administration.CREATE_KEY, KeyDraft(name=values["name"], role=Role(values["role"])))

    @work(exclusive=True, group="keys")
    async def action_revoke(self) -> None:
        """Revoke the chosen key after y."""
        key = self.key
        if key is None:
            return
        lines = [
            f"{key.name}, {key.role.value}, begins with {key.prefix}, last used {self._when(key.last_used_at)}.",
            "Whoever uses it is let in no more, at once. This cannot be taken back.",
        ]
        if not await self.console.ask_user(Confirm("Revoke a key", lines, "Revoke this key?")):
            return
        try:
            await self.write(administration.REVOKE_KEY, KeyId(id=key.id))
        except OperationError as error:
            self.refused(error)
        else:
            self.tell(f"{key.name} is revoked.", "gain")
        self.reload()


def _used(keys: Keys) -> Any:
    return lambda key: "revoked" if key.revoked_at else keys._when(key.last_used_at)
