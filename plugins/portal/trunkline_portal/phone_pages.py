"""How staff let somebody without e-mail in: name and phone, then the code that the person reads out."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.auth.code_sign_in import operations as phones
from trunkline.auth.code_sign_in.schemas import VerifyPhone
from trunkline.auth.models import User
from trunkline.branding.spoken import language_for
from trunkline.customers import queries as customers
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline_portal import operations, queries
from trunkline_portal.schemas import AddWithoutEmail
from trunkline_portal.staff_pages import about, key_of

pages = Pages(audience="staff")
_PHONE = "/portal/staff/{number}/users/{user_id}/phone"


def _suggested(page: Page, number: str) -> Mapping[str, Any]:
    customer = customers.get(page.ctx, number)
    private = customer.kind == "individual"
    return {
        "name": customer.name if private else "",
        "phone": customer.phone if private else "",
        "language": language_for(page.ctx, customer.language, customer.reseller_id),
        "roles": ["portal_owner"],
        "form_options": {"cancel": f"/customers/{number}"},
    }


@pages.form(
    "/portal/staff/{number}/add-by-phone",
    permission="portal.user.invite",
    schema=AddWithoutEmail,
    template="portal/add_by_phone.html",
    title=_("Portal user without e-mail"),
    initial=_suggested,
    extra=about,
    submit=_("Send a code"),
)
def add(page: Page, command: AddWithoutEmail, number: str) -> Response:
    user = operations.add_by_phone(page.ctx, number, command)
    return page.redirect(_path(number, user), _("A code is on its way to {name}.", name=user.name))


@pages.get(_PHONE, permission="portal.user.invite")
def show_verify(page: Page, number: str, user_id: str) -> Response:
    user = _user(page, number, user_id)
    return _verify_page(page, number, user, _form(page, number, user))


@pages.post(_PHONE, permission="portal.user.invite", reads=True)
def verify(page: Page, number: str, user_id: str) -> Response:
    user = _user(page, number, user_id)
    form = _form(page, number, user).parse(page.form_data)
    if not form.valid:
        return _verify_page(page, number, user, form, 422)
    try:
        phones.verify_phone(
            page.app, page.actor, user.key, form.command.code, permission="portal.user.invite"
        )
    except Refused as error:
        return _verify_page(page, number, user, form.refuse(error.field, str(error)), 422)
    return page.redirect(f"/customers/{number}", _("{name} can sign in now.", name=user.name))


@pages.post(f"{_PHONE}/send", permission="portal.user.invite")
def send(page: Page, number: str, user_id: str) -> Response:
    user = operations.send_phone_code(page.ctx, number, key_of(user_id))
    return page.redirect(
        _path(number, user), _("Another code is on its way. The one before does not work any more.")
    )


def _user(page: Page, number: str, user_id: str) -> User:
    return queries.user_of(page.ctx, customers.get(page.ctx, number), key_of(user_id))


def _path(number: str, user: User) -> str:
    return f"/portal/staff/{number}/users/{user.key}/phone"


def _form(page: Page, number: str, user: User) -> Form[VerifyPhone]:
    return page.form(
        VerifyPhone, action=_path(number, user), submit=_("Verify"), cancel=f"/customers/{number}"
    )


def _verify_page(page: Page, number: str, user: User, form: Form[VerifyPhone], status: int = 200) -> Response:
    page.title = _("Verify the phone of {name}", name=user.name)
    return page.render("portal/verify_phone.html", status=status, form=form, user=user, **about(page, number))
