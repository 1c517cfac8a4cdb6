"""What administrators do on the pages of users and roles: take lost factors away, let in again, demand a factor."""

from typing import Any

from starlette.responses import Response

from trunkline.access.models import Role
from trunkline.auth.models import User
from trunkline.auth.own_account import own_user
from trunkline.auth.second_factor import operations, queries, releasing
from trunkline.i18n import gettext
from trunkline.web.pages import Page, Pages

_ = gettext

pages = Pages()


@pages.post("/users/{user_id:int}/second-factor/reset", permission="core.second_factor.delete", sudo=True)
def reset(page: Page, user_id: int) -> Response:
    user = operations.reset(page.ctx, user_id)
    return page.redirect(
        f"/users/{user_id}",
        _("{name} signs in without a second factor now, and was told so.", name=user.name),
    )


@pages.post("/users/{user_id:int}/sign-in/release", permission="core.sign_in.release", reads=True)
def release(page: Page, user_id: int) -> Response:
    user = releasing.release(page.app, page.actor, user_id)
    return page.redirect(f"/users/{user_id}", _("{name} can try again at once.", name=user.name))


@pages.post("/roles/{name}/second-factor", permission="core.second_factor.configure", sudo=True)
def require_of_role(page: Page, name: str) -> Response:
    required = page.form_data.get("required") == "1"
    operations.require_of_role(page.ctx, name, required)
    said = _("From now on a second factor is asked of this role.") if required else _("Saved.")
    return page.redirect(f"/roles/{name}", said)


def on_profile(page: Page, subject: Any) -> str | None:
    """The card on one's own account's page."""
    factors = queries.factors_of(page.ctx, own_user(page.ctx).key)
    return page.fragment("auth/second_factor/profile_card.html", factors=factors)


def on_user(page: Page, subject: Any) -> str | None:
    """The card on a user's page."""
    if not isinstance(subject, User):
        return None
    return page.fragment(
        "auth/second_factor/user_card.html",
        user=subject,
        factors=queries.factors_of(page.ctx, subject.key),
        waits_until=releasing.waits_until(page.ctx, subject),
    )


def on_role(page: Page, subject: Any) -> str | None:
    """The card on a role's page."""
    if not isinstance(subject, Role):
        return None
    return page.fragment(
        "auth/second_factor/role_card.html",
        role=subject,
        without=len(queries.people_without(page.ctx, subject.key)),
    )
