"""The page that asks for the password once more before a dangerous action."""

from urllib.parse import urlencode

from starlette.responses import Response

from trunkline.auth import offers, sudo
from trunkline.auth.own_account import own_user
from trunkline.auth.pages import facts_of, safe_next
from trunkline.auth.schemas import Confirm
from trunkline.errors import Forbidden, TooManyRequests, Unauthenticated
from trunkline.i18n import gettext
from trunkline.web import cookies
from trunkline.web.forms import Form
from trunkline.web.pages import SIGNED_IN, Page, Pages

_ = gettext

pages = Pages(audience="any")


@pages.get("/confirm", permission=SIGNED_IN)
def show_confirm(page: Page) -> Response:
    return _confirm_page(page, _confirm_form(page))


@pages.post("/confirm", permission=SIGNED_IN, reads=True, hashes=True)
def submit_confirm(page: Page) -> Response:
    form = _confirm_form(page).parse(page.form_data)
    if not form.valid:
        return _confirm_page(page, form, 422)
    if page.signed_in is None or page.signed_in.impersonation is not None:
        raise Forbidden(_("Only the person whose account this is can confirm."))
    try:
        token = sudo.confirm(page.app, page.signed_in, form.command.password, facts_of(page.request))
    except Unauthenticated:
        refused = _("This is not your password.")
        return _confirm_page(page, form.refuse("password", refused), 422)
    except TooManyRequests as error:
        return _confirm_page(page, form.refuse(None, str(error)), error.status)
    response = page.redirect(
        safe_next(form.command.next, page.signed_in.user.kind),
        _("Thank you. For ten minutes you will not be asked again."),
    )
    cookies.set_session(response, page.request, token)
    return response


def _confirm_form(page: Page) -> Form[Confirm]:
    return page.form(Confirm, {"next": page.query.get("next", "")}, action="/confirm", submit=_("Confirm"))


def _confirm_page(page: Page, form: Form[Confirm], status: int = 200) -> Response:
    page.title = _("Confirm that it is you")
    origin = page.signed_in.user.origin if page.signed_in is not None else ""
    offer = next((offer for name, offer in offers.redirecting(page.ctx) if name == origin), None)
    again = {"again": "1", "next": form["next"].shown}
    return page.render(
        "auth/confirm.html",
        status=status,
        form=form,
        # Who has no e-mail address signs in by codes to a phone.
        has_password=bool(own_user(page.ctx).email),
        offer=offer,
        offer_path=f"{offer.path}?{urlencode(again)}" if offer is not None else "",
    )
