"""The pages of roles: list, what a role grants, and the matrix that changes it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.access import operations, queries
from trunkline.access.matrix import Matrix, chosen
from trunkline.access.models import Role
from trunkline.access.roles import ADMINISTRATOR
from trunkline.access.schemas import ROW_SCOPES, CreateRole, EditRole
from trunkline.access.tables import ROLES
from trunkline.i18n import gettext, translate
from trunkline.web.pages import Page, Pages

_ = gettext

pages = Pages()


@pages.get("/roles", permission="core.role.list")
def list_roles(page: Page) -> Response:
    page.title = _("Roles")
    return page.table("access/roles.html", ROLES, queries.list_roles(page.ctx))


def _new_role(page: Page) -> Mapping[str, Any]:
    page.crumbs((_("Roles"), "/roles"), (_("New"), ""))
    copies = [*queries.role_choices(page.ctx, "staff"), *queries.role_choices(page.ctx, "portal")]
    copies = [(name, label) for name, label in copies if name != ADMINISTRATOR]
    return {"audience": "staff", "form_options": {"choices": {"copy_of": copies}, "cancel": "/roles"}}


@pages.form(
    "/roles/new",
    permission="core.role.create",
    schema=CreateRole,
    template="access/new_role.html",
    title=_("New role"),
    initial=_new_role,
    submit=_("Make the role"),
    sudo=True,
)
def create_role(page: Page, command: CreateRole) -> Response:
    role = operations.create_role(page.ctx, command)
    return page.redirect(f"/roles/{role.name}/edit", _("The role exists; now say what it may do."))


@pages.get("/roles/{name}", permission="core.role.view")
def show_role(page: Page, name: str) -> Response:
    role = queries.role(page.ctx, name)
    page.title = translate(role.label)
    page.crumbs((_("Roles"), "/roles"), (page.title, ""))
    granted = queries.permissions_by_role(page.ctx)[role.name]
    return page.render(
        "access/role.html",
        role=role,
        is_administrator=role.name == ADMINISTRATOR,
        shows=ROW_SCOPES[role.row_scope] if role.audience == "staff" else "",
        groups=page.app.part(Matrix).granted(role.audience, granted),
        holders=queries.holders_of(page.ctx, role.key),
    )


def _role(page: Page, name: str) -> Role:
    role = queries.role(page.ctx, name)
    page.title = translate(role.label)
    page.crumbs((_("Roles"), "/roles"), (page.title, f"/roles/{name}"), (_("Permissions"), ""))
    return role


def _matrix(page: Page, name: str) -> type[BaseModel]:
    role = _role(page, name)
    return page.app.part(Matrix).schema(role.audience, is_builtin=role.is_builtin)


def _granted(page: Page, name: str) -> Mapping[str, Any]:
    role = _role(page, name)
    granted = queries.grants_of(page.ctx, role.key)
    return {
        "label": role.label,
        "description": role.description,
        "version": role.version,
        "row_scope": role.row_scope,
        "form_options": {"cancel": f"/roles/{name}"},
        **page.app.part(Matrix).values(role.audience, granted),
    }


@pages.form(
    "/roles/{name}/edit",
    permission="core.role.edit",
    schema=_matrix,
    template="access/edit_role.html",
    title=_("Permissions"),
    initial=_granted,
    sudo=True,
)
def edit_role(page: Page, command: BaseModel, name: str) -> Response:
    role = queries.role(page.ctx, name)
    wanted = EditRole(
        label=getattr(command, "label", role.label),
        description=getattr(command, "description", role.description),
        permissions=chosen(command),
        row_scope=getattr(command, "row_scope", None),
        version=getattr(command, "version", None),
    )
    operations.edit_role(page.ctx, name, wanted)
    return page.redirect(
        f"/roles/{name}", _("Saved. It holds from the next click of everybody with this role.")
    )


@pages.post("/roles/{name}/delete", permission="core.role.delete", sudo=True)
def delete_role(page: Page, name: str) -> Response:
    operations.delete_role(page.ctx, name)
    return page.redirect("/roles", _("The role is gone."))
