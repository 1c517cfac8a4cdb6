"""“Sign in with your tax id”: asking for a code, and typing it."""

from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from trunkline.auth import arriving
from trunkline.auth.arriving import facts_of, safe_next
from trunkline.auth.code_sign_in import codes, signing_in
from trunkline.auth.code_sign_in.schemas import AskForCode, EnterCode
from trunkline.auth.digest import new_token
from trunkline.auth.second_factor.cookies import device_token
from trunkline.errors import TooManyRequests, Unauthenticated
from trunkline.i18n import gettext
from trunkline.web.cookies import is_secure
from trunkline.web.forms import Form
from trunkline.web.pages import PUBLIC, Page, Pages

_ = gettext

pages = Pages(audience="any")
_ASK, _ENTER = "/sign-in/code", "/sign-in/code/enter"


@pages.get(_ASK, permission=PUBLIC)
def show_ask(page: Page) -> Response:
    if page.user is not None:
        return page.redirect(safe_next(page.query.get("next", ""), page.user.kind))
    return _ask_page(page, _ask_form(page))


@pages.post(_ASK, permission=PUBLIC, reads=True)
def submit_ask(page: Page) -> Response:
    form = _ask_form(page).parse(page.form_data)
    if not form.valid:
        return _ask_page(page, form, 422)
    command, token = form.command, new_token()
    response = page.redirect(f"{_ENTER}?next={quote(command.next, safe='')}" if command.next else _ENTER)
    response.set_cookie(
        _cookie(page.request),
        token,
        max_age=int(codes.LIFETIME.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_secure(page.request),
        path="/",
    )
    # After the answer: neither the answer nor its time tells whether there is such a person.
    response.background = BackgroundTask(
        signing_in.ask, page.app, page.actor, page.ctx.request_id, token, command.tax_id, command.digits
    )
    return response


@pages.get(_ENTER, permission=PUBLIC)
def show_enter(page: Page) -> Response:
    if not _token(page):
        return page.redirect(_ASK)
    return _enter_page(page, _enter_form(page))


@pages.post(_ENTER, permission=PUBLIC, reads=True)
def submit_enter(page: Page) -> Response:
    token, form = _token(page), _enter_form(page).parse(page.form_data)
    if not token:
        return page.redirect(_ASK, _("That took too long. Ask for another code."))
    if not form.valid:
        return _enter_page(page, form, 422)
    try:
        facts = facts_of(page.request)
        proof = signing_in.prove(page.app, token, form.command.code, facts)
        with page.app.unit_of_work() as unit:
            arrival = arriving.arrive(unit, proof, facts, device_token(page.request))
    except Unauthenticated as error:
        return _enter_page(page, form.refuse("code", str(error)), 422)
    except TooManyRequests as error:
        return _enter_page(page, form, error.status, waiting=str(error))
    response = arriving.answer(page, arrival, form.command.next)
    response.delete_cookie(
        _cookie(page.request), httponly=True, samesite="lax", secure=is_secure(page.request), path="/"
    )
    return response


def link_below(page: Page, subject: object = None) -> str | None:
    """The way here from the sign-in page, where anybody signs in so."""
    if not signing_in.is_offered(page.ctx):
        return None
    return page.fragment("auth/code_sign_in/link.html", next_page=page.query.get("next", ""))


def _cookie(request: Request) -> str:
    return "__Host-trunkline_code" if is_secure(request) else "trunkline_code"


def _token(page: Page) -> str:
    return page.request.cookies.get(_cookie(page.request), "")


def _ask_form(page: Page) -> Form[AskForCode]:
    return page.form(
        AskForCode, {"next": page.query.get("next", "")}, action=_ASK, submit=_("Send me a code")
    )


def _ask_page(page: Page, form: Form[AskForCode], status: int = 200) -> Response:
    page.title = _("Sign in with your tax id")
    return page.render("auth/code_sign_in/ask.html", status=status, form=form)


def _enter_form(page: Page) -> Form[EnterCode]:
    return page.form(EnterCode, {"next": page.query.get("next", "")}, action=_ENTER, submit=_("Sign in"))


def _enter_page(page: Page, form: Form[EnterCode], status: int = 200, waiting: str = "") -> Response:
    page.title = _("Enter the code")
    minutes = int(codes.LIFETIME.total_seconds() // 60)
    return page.render(
        "auth/code_sign_in/enter.html",
        status=status,
        form=form,
        waiting=waiting,
        minutes=minutes,
        ask_path=_ASK,
    )
