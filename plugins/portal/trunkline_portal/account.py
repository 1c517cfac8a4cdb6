"""The customer's account page: own data, language and password."""

from starlette.responses import Response

from trunkline.auth import own_account
from trunkline.auth.pages import facts_of
from trunkline.auth.schemas import ChangePassword, Profile
from trunkline.customers import queries as customers
from trunkline.customers.identity import shown_tax_id
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page
from trunkline.web.stretches import stretch
from trunkline_portal import queries

_PAGE = "/portal/account"


def show(
    page: Page, profile: Form[Profile] | None = None, password: Form[ChangePassword] | None = None
) -> Response:
    """The page, with a form that was refused in place of a fresh one."""
    customer = queries.own_customer(page.ctx)
    user = own_account.own_user(page.ctx)
    page.title = _("Account")
    refused = profile is not None or password is not None
    return page.render(
        "portal/account.html",
        status=422 if refused else 200,
        customer=customer,
        tax_id=shown_tax_id(customer.tax_id, customer.country),
        sites=stretch(
            page,
            customers.sites_of(page.ctx, customer.key),
            lambda row: (row.name, row.street, row.city, row.state),
            _PAGE,
            "sites",
        ),
        contacts=stretch(
            page,
            customers.contacts_of(page.ctx, customer.key),
            lambda row: (row.name, row.email),
            _PAGE,
            "people",
        ),
        has_password=user.password_hash is not None or bool(user.email),
        phone=user.phone,
        profile=profile or _profile(page, {"name": user.name, "language": user.language}),
        password=password or _password(page),
    )


def _profile(page: Page, values: dict[str, object] | None = None) -> Form[Profile]:
    return Form(
        Profile,
        values=values or {},
        action=f"{_PAGE}/profile",
        submit=_("Save"),
        csrf_token=page.csrf_token,
        id="profile",
    )


def _password(page: Page) -> Form[ChangePassword]:
    return Form(
        ChangePassword,
        action=f"{_PAGE}/password",
        submit=_("Change password"),
        csrf_token=page.csrf_token,
        id="password",
    )


def save_profile(page: Page) -> Response:
    """Store name and language, or show the form again with what is wrong."""
    form = _profile(page).parse(page.form_data)
    if form.valid:
        own_account.change_profile(page.ctx, form.command)
        return page.redirect(_PAGE, _("Saved."))
    return show(page, profile=form)


def save_password(page: Page) -> Response:
    """Change the password, or show the form again with what is wrong."""
    form = _password(page).parse(page.form_data)
    if form.valid:
        this = page.signed_in.session_id if page.signed_in is not None else None
        facts = facts_of(page.request)
        try:
            own_account.replace_password(page.ctx, form.command, facts, this_session=this)
        except TrunklineError as error:
            form.refuse(error.field, str(error))
        else:
            return page.redirect(_PAGE, _("Password changed. Other devices are signed out."))
    return show(page, password=form)
