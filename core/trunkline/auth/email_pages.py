"""The pages on which somebody changes the address they sign in with."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.auth import email_change, own_account
from trunkline.auth.models import LinkPurpose
from trunkline.auth.schemas import ChangeEmail
from trunkline.errors import Refused
from trunkline.i18n import gettext
from trunkline.web.pages import PUBLIC, SIGNED_IN, Page, Pages

_ = gettext

pages = Pages(audience="any")


def _below_account(page: Page) -> Mapping[str, Any]:
    own_account.check_kept_here(page.ctx, own_account.own_user(page.ctx))
    page.crumbs((_("Your account"), "/profile"), (_("Change e-mail"), ""))
    return {}


@pages.form(
    "/profile/email",
    permission=SIGNED_IN,
    schema=ChangeEmail,
    template="auth/change_email.html",
    title=_("Change e-mail"),
    initial=_below_account,
    submit=_("Send the link"),
    sudo=True,
)
def change_email(page: Page, command: ChangeEmail) -> Response:
    email_change.ask(page.ctx, command.email)
    said = _("A link is on its way to {email}. The new address counts once you open it.", email=command.email)
    return page.redirect("/profile", said)


@pages.post("/profile/email/withdraw", permission=SIGNED_IN)
def withdraw(page: Page) -> Response:
    user = email_change.withdraw(page.ctx)
    return page.redirect("/profile", _("Your address stays {email}.", email=user.email))


@pages.get("/confirm-email/{token}", permission=PUBLIC)
def show_confirm(page: Page, token: str) -> Response:
    return _ask(page, token, LinkPurpose.NEW_EMAIL)


@pages.post("/confirm-email/{token}", permission=PUBLIC)
def confirm(page: Page, token: str) -> Response:
    try:
        with page.ctx.session.begin_nested():
            user = email_change.confirm(page.ctx, token)
    except Refused as error:
        return _over(page, str(error))
    return _done(page, _("From now on you sign in with {email}.", email=user.email))


@pages.get("/keep-email/{token}", permission=PUBLIC)
def show_take_back(page: Page, token: str) -> Response:
    return _ask(page, token, LinkPurpose.KEEP_EMAIL)


@pages.post("/keep-email/{token}", permission=PUBLIC)
def take_back(page: Page, token: str) -> Response:
    try:
        with page.ctx.session.begin_nested():
            user = email_change.take_back(page.ctx, token)
    except Refused as error:
        return _over(page, str(error))
    said = _(
        "The account is {email}'s again and signed out everywhere. A link to choose a new password is in that mailbox.",
        email=user.email,
    )
    return _done(page, said)


def _ask(page: Page, token: str, purpose: LinkPurpose) -> Response:
    # Mail programs open links to look for malware: opening one changes nothing.
    found = email_change.find(page.ctx, token, purpose)
    if found is None:
        return _over(page, _("This link was used already, or its time is over."))
    keeps = purpose is LinkPurpose.KEEP_EMAIL
    page.title = _("Keep your address") if keeps else _("Confirm your new address")
    return page.render("auth/email_link.html", keeps=keeps, email=found.link.email)


def _done(page: Page, text: str) -> Response:
    page.title = _("Done")
    return page.render("auth/email_done.html", text=text)


def _over(page: Page, text: str) -> Response:
    page.title = _("This link does not work")
    return page.render("auth/email_done.html", status=410, text=text)
