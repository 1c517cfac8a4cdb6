"""Pages that say what somebody may do and why, who may do something, and by what facts a person sees customers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from starlette.responses import Response

from trunkline.access import operations, why
from trunkline.access.matrix import Matrix
from trunkline.access.schemas import RowFacts
from trunkline.auth.models import User, UserKind
from trunkline.customers.models import Reseller
from trunkline.i18n import gettext
from trunkline.web.pages import Page, Pages

_ = gettext

pages = Pages()


@pages.get("/users/{user_id:int}/permissions", permission="core.user.view")
def user_permissions(page: Page, user_id: int) -> Response:
    user = page.ctx.load(User, user_id)
    page.title = str(_("What {name} may do", name=user.name))
    page.crumbs((_("Users"), "/users"), (user.name, f"/users/{user_id}"), (_("Permissions"), ""))
    access, query = why.access_of(page.ctx, user), page.query.get("q", "").strip().lower()
    groups = [
        (label, [item for item in items if query in f"{label} {item.noun} {item.label} {item.name}".lower()])
        for label, items in page.app.part(Matrix).explained(access.audience, access.grants)
    ]
    return page.render(
        "access/user_permissions.html",
        user=user,
        access=access,
        groups=[(label, items) for label, items in groups if items],
        q=page.query.get("q", ""),
        may_set_rows=page.can("core.user.edit") and user.kind != UserKind.PORTAL,
    )


@pages.get("/permissions", permission="core.role.list")
def permissions(page: Page) -> Response:
    page.title = str(_("Permissions"))
    page.crumbs((_("Roles"), "/roles"), (_("Permissions"), ""))
    query = page.query.get("q", "").strip().lower()
    found = [
        item
        for item in why.permissions(page.ctx)
        if query in f"{item.plugin} {item.label} {item.name}".lower()
    ]
    return page.render("access/permissions.html", permissions=found, q=page.query.get("q", ""))


@pages.get("/permissions/{name}", permission="core.role.view")
def permission(page: Page, name: str) -> Response:
    found = why.permission(page.ctx, name)
    page.title = str(_(found.label))
    page.crumbs((_("Roles"), "/roles"), (_("Permissions"), "/permissions"), (page.title, ""))
    return page.render(
        "access/permission.html",
        permission=found,
        roles=why.roles_granting(page.ctx, name),
        people=why.people_who_may(page.ctx, name) if page.can("core.user.list") else None,
    )


def _facts(page: Page, user_id: int) -> Mapping[str, Any]:
    user = page.ctx.load(User, user_id)
    page.title = str(_("Which customers {name} sees", name=user.name))
    page.crumbs((_("Users"), "/users"), (user.name, f"/users/{user_id}"), (_("Customers"), ""))
    resellers = page.ctx.session.execute(
        select(col(Reseller.code), col(Reseller.name)).order_by(col(Reseller.name))
    ).all()
    own = page.ctx.session.get(Reseller, user.reseller_id) if user.reseller_id is not None else None
    return {
        "reseller": own.code if own else "",
        "tags": ", ".join(user.scope_tags),
        "version": user.version,
        "form_options": {
            "choices": {"reseller": [(code, name) for code, name in resellers]},
            "cancel": f"/users/{user_id}/permissions",
        },
    }


@pages.form(
    "/users/{user_id:int}/customers",
    permission="core.user.edit",
    schema=RowFacts,
    template="access/row_facts.html",
    title=_("Which customers somebody sees"),
    initial=_facts,
    extra=lambda page, user_id: {"access": why.access_of(page.ctx, page.ctx.load(User, user_id))},
    sudo=True,
)
def set_row_facts(page: Page, command: RowFacts, user_id: int) -> Response:
    operations.set_row_facts(page.ctx, user_id, command)
    return page.redirect(f"/users/{user_id}/permissions", str(_("Saved.")))


def user_section(page: Page, user: User) -> str | None:
    """On a user's page: whose rows they see, and the way to what they may do and why."""
    return page.fragment("access/user_section.html", user=user, access=why.access_of(page.ctx, user))
