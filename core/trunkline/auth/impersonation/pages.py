"""The pages on which staff begin and end to work as somebody else, and the list of who did."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.access.roles import actor_for
from trunkline.auth import queries as users
from trunkline.auth.impersonation import operations, queries
from trunkline.auth.impersonation.schemas import Impersonate
from trunkline.auth.impersonation.tables import IMPERSONATIONS
from trunkline.auth.impersonation.wearing import PERMISSION
from trunkline.auth.models import User, UserKind, UserSession
from trunkline.auth.pages import facts_of, home_of
from trunkline.customers.models import Customer
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext, pgettext
from trunkline.settings.core import CoreSettings
from trunkline.web.pages import SIGNED_IN, Page, Pages

_ = gettext

pages = Pages()


@pages.get("/impersonations", permission="core.impersonation.list")
def list_impersonations(page: Page) -> Response:
    page.title = _("Who worked as whom")
    page.crumbs((_("Users"), "/users"), (page.title, ""))
    return page.table("auth/impersonations.html", IMPERSONATIONS, queries.list_impersonations(page.ctx))


def _whom(page: Page, user_id: int) -> Mapping[str, Any]:
    user = users.user(page.ctx, user_id)
    operations.check_may_start(page.ctx, user)
    page.title = _("Open as {name}", name=user.name)
    if page.can("core.user.list"):
        page.crumbs((_("Users"), "/users"), (user.name, f"/users/{user_id}"), (page.title, ""))
    return {
        "user": user,
        "minutes": page.ctx.settings(CoreSettings).impersonation_minutes,
        "back": _back(page, user, page.can("core.user.view")),
    }


@pages.form(
    "/users/{user_id:int}/impersonate",
    permission=PERMISSION,
    schema=Impersonate,
    template="auth/impersonate.html",
    title=_("Open as somebody else"),
    extra=_whom,
    submit=pgettext("verb", "Open"),
    sudo=True,
)
def start(page: Page, command: Impersonate, user_id: int) -> Response:
    if page.signed_in is None:
        raise Unauthenticated(_("Nobody is signed in."))
    operations.start(page.ctx, user_id, command, page.signed_in, facts_of(page.request))
    return page.redirect(home_of(users.user(page.ctx, user_id).kind))


def _back(page: Page, user: User, may_see_users: bool) -> str:
    customer = page.ctx.session.get(Customer, user.customer_id) if user.kind == UserKind.PORTAL else None
    if customer is not None:
        return f"/customers/{customer.number}"
    return f"/users/{user.key}" if may_see_users else "/"


end_pages = Pages(audience="any")


@end_pages.post("/impersonation/end", permission=SIGNED_IN)
def end(page: Page) -> Response:
    user = operations.end(page.ctx, page.signed_in) if page.signed_in else None
    if user is None or page.signed_in is None:
        return page.redirect(home_of(page.user.kind if page.user else UserKind.STAFF))
    kept = page.ctx.session.get(UserSession, page.signed_in.session_id)
    staff = page.ctx.session.get(User, kept.user_id) if kept is not None else None
    own = actor_for(page.ctx.session, staff) if staff is not None else page.actor
    return page.redirect(_back(page, user, own.may("core.user.view")), _("You are yourself again."))
