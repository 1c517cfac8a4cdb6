"""Pages of people who sign in by codes: a code instead of the password before dangerous actions, and another phone."""

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from trunkline.auth.arriving import facts_of, safe_next
from trunkline.auth.code_sign_in import codes, own_phone
from trunkline.auth.code_sign_in.schemas import ChangePhone, EnterCode
from trunkline.auth.own_account import own_user
from trunkline.auth.sessions import SignedIn
from trunkline.errors import Conflict, Forbidden, Refused, TooManyRequests, Unauthenticated
from trunkline.i18n import gettext
from trunkline.web import cookies
from trunkline.web.forms import Form
from trunkline.web.pages import SIGNED_IN, Page, Pages
from trunkline.web.writing import phone_text

_ = gettext

pages = Pages(audience="any")
_CONFIRM, _PHONE = "/confirm/code", "/profile/phone"


def on_confirm(page: Page, subject: Any) -> str | None:
    """The button on the page that asks once more, for people who sign in by codes."""
    user = own_user(page.ctx)
    if not own_phone.signs_in_by_code(user):
        return None
    return page.fragment(
        "auth/code_sign_in/confirm.html",
        phone=own_phone.hidden(user.phone),
        next_page=page.query.get("next", ""),
    )


@pages.post(f"{_CONFIRM}/send", permission=SIGNED_IN, reads=True)
def send_code(page: Page) -> Response:
    own_phone.send_to_confirm(page.ctx)
    next_page = str(page.form_data.get("next", ""))
    return page.redirect(f"{_CONFIRM}?next={quote(next_page, safe='')}" if next_page else _CONFIRM)


@pages.get(_CONFIRM, permission=SIGNED_IN)
def show_confirm(page: Page) -> Response:
    return _confirm_page(page, _confirm_form(page))


@pages.post(_CONFIRM, permission=SIGNED_IN, reads=True)
def submit_confirm(page: Page) -> Response:
    form, signed_in = _confirm_form(page).parse(page.form_data), _in_person(page)
    if not form.valid:
        return _confirm_page(page, form, 422)
    try:
        token = own_phone.confirm(page.app, signed_in, form.command.code, facts_of(page.request))
    except (Unauthenticated, TooManyRequests) as error:
        return _confirm_page(page, form.refuse("code", str(error)), 422 if error.status == 401 else 429)
    response = page.redirect(
        safe_next(form.command.next, signed_in.user.kind),
        _("Thank you. For ten minutes you will not be asked again."),
    )
    cookies.set_session(response, page.request, token)
    return response


def _in_person(page: Page) -> SignedIn:
    if page.signed_in is None or page.signed_in.impersonation is not None:
        raise Forbidden(_("Only the person whose account this is can confirm."))
    return page.signed_in


def _confirm_form(page: Page) -> Form[EnterCode]:
    return page.form(EnterCode, {"next": page.query.get("next", "")}, action=_CONFIRM, submit=_("Confirm"))


def _confirm_page(page: Page, form: Form[EnterCode], status: int = 200) -> Response:
    page.title = _("Enter the code")
    return page.render(
        "auth/code_sign_in/confirm_code.html",
        status=status,
        form=form,
        phone=own_phone.hidden(own_user(page.ctx).phone),
        minutes=int(codes.LIFETIME.total_seconds() // 60),
        next_page=form["next"].shown,
    )


@pages.get(_PHONE, permission=SIGNED_IN, sudo=True)
def show_phone(page: Page) -> Response:
    return _phone_page(page, _phone_form(page))


@pages.post(_PHONE, permission=SIGNED_IN, reads=True, sudo=True)
def ask_to_change(page: Page) -> Response:
    form = _phone_form(page).parse(page.form_data)
    if not form.valid:
        return _phone_page(page, form, 422)
    try:
        phone = own_phone.ask_to_change(page.ctx, form.command.phone)
    except (Refused, Conflict, TooManyRequests) as error:
        return _phone_page(page, form.refuse(error.field, str(error)), error.status)
    return page.redirect(f"{_PHONE}/code", _("A code is on its way to {phone}.", phone=phone_text(phone)))


@pages.get(f"{_PHONE}/code", permission=SIGNED_IN, sudo=True)
def show_new_code(page: Page) -> Response:
    waiting = own_phone.waiting_phone(page.ctx, own_user(page.ctx))
    return _new_code_page(page, _new_code_form(page), waiting) if waiting else page.redirect(_PHONE)


@pages.post(f"{_PHONE}/code", permission=SIGNED_IN, reads=True, sudo=True)
def change(page: Page) -> Response:
    form, signed_in = _new_code_form(page).parse(page.form_data), _in_person(page)
    waiting = own_phone.waiting_phone(page.ctx, own_user(page.ctx))
    if not waiting:
        return page.redirect(_PHONE, _("That took too long or went wrong too often. Ask for another code."))
    if not form.valid:
        return _new_code_page(page, form, waiting, 422)
    try:
        user = own_phone.change(page.app, signed_in, form.command.code)
    except Refused as error:
        return _new_code_page(page, form.refuse(error.field, str(error)), waiting, 422)
    return page.redirect("/profile", _("Codes go to {phone} from now on.", phone=phone_text(user.phone)))


def _phone_form(page: Page) -> Form[ChangePhone]:
    return page.form(ChangePhone, action=_PHONE, submit=_("Send the code"))


def _phone_page(page: Page, form: Form[ChangePhone], status: int = 200) -> Response:
    _head(page)
    return page.render("auth/code_sign_in/phone.html", status=status, form=form, lead="")


def _new_code_form(page: Page) -> Form[EnterCode]:
    return page.form(EnterCode, action=f"{_PHONE}/code", submit=_("Use this phone"))


def _new_code_page(page: Page, form: Form[EnterCode], waiting: str, status: int = 200) -> Response:
    _head(page)
    lead = _("The code went to {phone}. It works for ten minutes.", phone=waiting)
    return page.render("auth/code_sign_in/phone.html", status=status, form=form, lead=lead)


def _head(page: Page) -> None:
    page.title = _("Change phone")
    page.crumbs((_("Your account"), "/profile"), (page.title, ""))
