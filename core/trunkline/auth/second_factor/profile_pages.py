"""The page on which people look after their own second factors."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.auth.own_account import own_user
from trunkline.auth.second_factor import operations, passkeys, queries, totp
from trunkline.auth.second_factor.schemas import FirstCode
from trunkline.auth.whereabouts import describe_user_agent
from trunkline.errors import NotFound
from trunkline.i18n import gettext
from trunkline.settings.core import CoreSettings
from trunkline.web.pages import SIGNED_IN, Page, Pages

_ = gettext

pages = Pages(audience="any")
HERE = "/profile/second-factor"


def this_session(page: Page) -> int | None:
    """The key of the session that acts, which goes on when the others end."""
    return page.signed_in.session_id if page.signed_in else None


def show_codes(page: Page, codes: list[str], said: str) -> Response:
    """The page that shows fresh backup codes once; without codes back to the overview."""
    if not codes:
        return page.redirect(HERE, said)
    _below(page, _("Backup codes"))
    return page.render("auth/second_factor/codes.html", codes=codes, said=said)


def _below(page: Page, title: str) -> None:
    page.title = title
    page.crumbs((_("Your account"), "/profile"), (_("Second factor"), HERE), (title, ""))


@pages.get(HERE, permission=SIGNED_IN)
def show_factors(page: Page) -> Response:
    page.title = _("Second factor")
    page.crumbs((_("Your account"), "/profile"), (page.title, ""))
    return page.render(
        "auth/second_factor/overview.html",
        factors=queries.factors_of(page.ctx, own_user(page.ctx).key),
        may_add_passkey=passkeys.place_of(page.request) is not None,
        this_device=describe_user_agent(page.request.headers.get("user-agent", "")),
        days=page.ctx.settings(CoreSettings).remember_device_days,
    )


@pages.post(f"{HERE}/app/begin", permission=SIGNED_IN, sudo=True)
def begin_app(page: Page) -> Response:
    operations.begin_app(page.ctx)
    return page.redirect(f"{HERE}/app")


def _app(page: Page) -> Mapping[str, Any]:
    _below(page, _("Authenticator app"))
    return {"form_options": {"cancel": HERE, "exclude": ("next",)}}


def _picture(page: Page) -> Mapping[str, Any]:
    user = own_user(page.ctx)
    factor = totp.prepared(page.ctx.session, user.key)
    if factor is None:
        raise NotFound(_("No app is being set up."), remedy=_("Begin on the page of your second factors."))
    return {
        "picture": totp.picture(totp.address_for_app(factor, user, page.app.config.operator_name)),
        "secret": totp.in_groups(factor.secret),
    }


@pages.form(
    f"{HERE}/app",
    permission=SIGNED_IN,
    schema=FirstCode,
    template="auth/second_factor/app.html",
    title=_("Authenticator app"),
    initial=_app,
    extra=_picture,
    submit=_("Confirm"),
    sudo=True,
)
def confirm_app(page: Page, command: FirstCode) -> Response:
    codes = operations.confirm_app(page.ctx, command.code, this_session=this_session(page))
    return show_codes(page, codes, _("Your app is set up; you are signed out everywhere else."))


@pages.post(f"{HERE}/app/remove", permission=SIGNED_IN, sudo=True)
def remove_app(page: Page) -> Response:
    operations.remove_app(page.ctx, this_session=this_session(page))
    return page.redirect(HERE, _("Codes of the app are not asked for any more."))


@pages.post(f"{HERE}/codes", permission=SIGNED_IN, sudo=True)
def renew_codes(page: Page) -> Response:
    return show_codes(
        page, operations.renew_codes(page.ctx), _("The codes on the old list do not work any more.")
    )


@pages.post(f"{HERE}/devices/{{device_id:int}}/forget", permission=SIGNED_IN)
def forget_device(page: Page, device_id: int) -> Response:
    operations.forget_device(page.ctx, device_id)
    return page.redirect(HERE, _("That browser is asked for the second factor again."))


@pages.post(f"{HERE}/devices/forget", permission=SIGNED_IN)
def forget_devices(page: Page) -> Response:
    operations.forget_device(page.ctx)
    return page.redirect(HERE, _("Every browser is asked for the second factor again."))
