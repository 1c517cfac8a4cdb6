"""The matrix of permissions as a form: a section per plugin, a line per noun, a tick per permission."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, create_model
from starlette.datastructures import FormData

from trunkline.access.models import RowScope
from trunkline.access.queries import permission_groups
from trunkline.access.schemas import Label, row_scope_field
from trunkline.i18n import gettext, pgettext
from trunkline.plugin import Permission

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext
_FIELD = "may_"
#: The nouns of core; a plugin's own are shown as they stand in its permissions, in words that its catalogue has.
_NOUNS = {
    "activity": _("Activity"),
    "approval": _("Approvals"),
    "brand": _("Brands"),
    "break_glass": _("Emergency access"),
    "api_key": _("API keys"),
    "customer": _("Customers"),
    "customer_sheet": _("Data sheets of customers"),
    "email": _("E-mails"),
    "file": _("Files"),
    "home": pgettext("page", "Home"),
    "impersonation": _("Working as somebody else"),
    "import": _("Import"),
    "interaction": _("Interactions"),
    "job": _("Jobs"),
    "list_rows": _("Long lists"),
    "mail_template": _("Letters"),
    "numbering": _("Numbers"),
    "plugin": _("Plugins"),
    "portal_user": _("People of customers"),
    "protocol": _("Protocol numbers"),
    "contract": _("Contracts"),
    "contract_acceptance": _("Acceptances of contracts"),
    "contract_penalty": _("Penalties of contracts"),
    "reseller": _("Resellers"),
    "role": _("Roles"),
    "saved_view": _("Saved views"),
    "search": _("Search"),
    "second_factor": _("Second factor"),
    "service_account": _("Service accounts"),
    "settings": _("Settings"),
    "shared_view": _("Shared views"),
    "sign_in": _("Sign-in"),
    "signing_key": _("Signing keys"),
    "sms": _("Text messages"),
    "user": _("Users"),
    "webhook": _("Webhooks"),
}


@dataclass(frozen=True)
class Granted:
    """A permission that somebody holds, and the labels of the roles that grant it."""

    name: str
    noun: str
    label: str
    roles: Sequence[str]


class Matrix:
    """The forms of one application, one per audience: `app.part(Matrix)`."""

    def __init__(self, app: "App") -> None:
        self._nouns: dict[str, dict[str, list[Permission]]] = {}
        self._schemas: dict[tuple[str, bool], type[BaseModel]] = {}
        for audience in ("staff", "portal"):
            lines: dict[str, list[Permission]] = {}
            for group in permission_groups(app, audience):
                for permission in group.permissions:
                    owner, noun, _verb = permission.name.split(".")
                    lines.setdefault(f"{_FIELD}{owner}_{noun}", []).append(permission)
            self._nouns[audience] = lines
        self._labels = {plugin.name: plugin.label for plugin in app.plugins}
        for audience, lines in self._nouns.items():
            for builtin in (True, False):
                self._schemas[audience, builtin] = _schema(lines, self._labels, audience, builtin)

    def schema(self, audience: str, *, is_builtin: bool) -> type[BaseModel]:
        """The form's schema. The names of built-in roles are not asked for."""
        return self._schemas[audience, is_builtin]

    def choice(self, base: type[BaseModel], names: Collection[str]) -> type[BaseModel]:
        """The form of `base` with the staff's permissions among `names` to choose from; see `chosen`."""
        lines = {
            field: offered
            for field, permissions in self._nouns["staff"].items()
            if (offered := [item for item in permissions if item.name in names])
        }
        made: type[BaseModel] = create_model(base.__name__, __base__=base, **_ticks(lines, self._labels))
        return made

    def values(self, audience: str, granted: frozenset[str]) -> Mapping[str, Sequence[str]]:
        """The form's values for a role that grants these permissions."""
        return {
            field: [item.name for item in permissions if item.name in granted]
            for field, permissions in self._nouns[audience].items()
        }

    def granted(self, audience: str, names: frozenset[str]) -> list[tuple[str, list[tuple[str, str]]]]:
        """What a role grants, to be read: each plugin's label with (noun, what may be done)."""
        found: dict[str, list[tuple[str, str]]] = {}
        for permissions in self._nouns[audience].values():
            labels = [str(item.label) for item in permissions if item.name in names]
            if labels:
                owner = permissions[0].name.partition(".")[0]
                found.setdefault(owner, []).append((str(_noun(permissions[0].name)), ", ".join(labels)))
        return [(str(_(self._labels.get(owner, owner))), lines) for owner, lines in found.items()]

    def explained(
        self, audience: str, grants: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, list[Granted]]]:
        """What somebody may do by plugin: each permission with the roles that grant it."""
        found: dict[str, list[Granted]] = {}
        for permissions in self._nouns[audience].values():
            for item in permissions:
                if item.name in grants:
                    owner = item.name.partition(".")[0]
                    granted = Granted(item.name, str(_noun(item.name)), str(item.label), grants[item.name])
                    found.setdefault(owner, []).append(granted)
        return [(str(_(self._labels.get(owner, owner))), items) for owner, items in found.items()]


def chosen(command: BaseModel) -> list[str]:
    """The permissions ticked in a submitted matrix."""
    ticked = (getattr(command, name) for name in type(command).model_fields if name.startswith(_FIELD))
    return [permission for line in ticked for permission in line]


def ticked(form: FormData) -> list[str]:
    """The permissions ticked in what a browser sent, whether they are offered or not."""
    return [str(value) for name, value in form.multi_items() if name.startswith(_FIELD)]


def _schema(
    lines: Mapping[str, Sequence[Permission]], labels: Mapping[str, str], audience: str, builtin: bool
) -> type[BaseModel]:
    fields: dict[str, Any] = {"version": (int | None, None)}
    if not builtin:
        fields["label"] = (Label, Field(title=_("Name")))
        fields["description"] = (str, Field(default="", title=_("What it is for"), max_length=400))
    if audience == "staff":
        fields["row_scope"] = (RowScope, row_scope_field())
    made: type[BaseModel] = create_model("RoleMatrix", **fields, **_ticks(lines, labels))
    return made


def _ticks(lines: Mapping[str, Sequence[Permission]], labels: Mapping[str, str]) -> dict[str, Any]:
    """A field for each noun with a tick for each permission."""
    fields: dict[str, Any] = {}
    for field, permissions in lines.items():
        owner = permissions[0].name.partition(".")[0]
        extra: Any = {
            "widget": "checkboxes",
            "choices": [(item.name, item.label) for item in permissions],
            "section": labels.get(owner, owner),
        }
        fields[field] = (
            list[str],
            Field(default=[], title=_noun(permissions[0].name), json_schema_extra=extra),
        )
    return fields


def _noun(permission: str) -> str:
    word = permission.split(".")[1]
    return _NOUNS.get(word) or gettext(word.replace("_", " ").capitalize())
