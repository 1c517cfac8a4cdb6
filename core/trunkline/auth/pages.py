"""Pages for people who are not signed in: sign in, forgotten password, the mailed link; and signing out."""

from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.background import BackgroundTask
from starlette.responses import Response

from trunkline.auth import arriving, links, offers, own_account, sessions, sign_in
from trunkline.auth.arriving import facts_of as facts_of
from trunkline.auth.arriving import home_of as home_of
from trunkline.auth.arriving import safe_next as safe_next
from trunkline.auth.schemas import ForgottenPassword, NewPassword, SignIn
from trunkline.auth.second_factor.cookies import device_token
from trunkline.auth.second_factor.passkeys import place_of
from trunkline.auth.sign_in import Proof
from trunkline.auth.throttle import SignInThrottle
from trunkline.errors import Refused, TooManyRequests, Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Actor
from trunkline.web import cookies
from trunkline.web.forms import Form
from trunkline.web.pages import PUBLIC, SIGNED_IN, Page, Pages

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext

pages = Pages(audience="any")
_FORGOTTEN = "/forgotten-password"


@pages.get("/sign-in", permission=PUBLIC)
def show_sign_in(page: Page) -> Response:
    if page.user is not None:
        return page.redirect(safe_next(page.query.get("next", ""), page.user.kind))
    return _sign_in_page(page, _sign_in_form(page))


@pages.post("/sign-in", permission=PUBLIC, reads=True, hashes=True)
def submit_sign_in(page: Page) -> Response:
    form = _sign_in_form(page).parse(page.form_data)
    if not form.valid:
        return _sign_in_page(page, form, 422)
    try:
        command, facts = form.command, facts_of(page.request)
        device = device_token(page.request)
        proof = sign_in.prove(page.app, command.email, command.password, facts, device_token=device)
        with page.app.unit_of_work() as unit:
            arrival = arriving.arrive(unit, proof, facts, device)
    except Unauthenticated as error:
        return _sign_in_page(page, form.refuse(None, str(error)), 422)
    except TooManyRequests as error:
        return _sign_in_page(page, form, error.status, waiting=str(error))
    return arriving.answer(page, arrival, command.next)


def _sign_in_form(page: Page) -> Form[SignIn]:
    form: Form[SignIn] = page.form(
        SignIn, {"next": page.query.get("next", "")}, action="/sign-in", submit=_("Sign in")
    )
    if offers.takes_names(page.app):
        form.specs = [
            replace(spec, label=_("E-mail or user name"), widget="text") if spec.name == "email" else spec
            for spec in form.specs
        ]
    return form


def _sign_in_page(page: Page, form: Form[SignIn], status: int = 200, waiting: str = "") -> Response:
    page.title = _("Sign in")
    return page.render(
        "sign_in.html",
        status=status,
        form=form,
        waiting=waiting,
        ended="ended" in page.query,
        forgotten_path=_FORGOTTEN,
        next_page=form["next"].shown,
        may_use_passkey=place_of(page.request) is not None,
        offers=[offer for _name, offer in offers.redirecting(page.ctx)],
    )


@pages.get("/sign-out", permission=SIGNED_IN)
def ask_to_sign_out(page: Page) -> Response:
    page.title = _("Sign out?")
    return page.render("auth/sign_out.html")


@pages.post("/sign-out", permission=SIGNED_IN)
def sign_out(page: Page) -> Response:
    with page.ctx.run("core.user.sign_out"):
        page.ctx.note(own_account.own_user(page.ctx))
        farewell = offers.farewell_of(
            page.ctx, sessions.method_of(page.ctx, cookies.session_token(page.request))
        )
        sessions.end(page.ctx, cookies.session_token(page.request))
    response = page.redirect(farewell or "/sign-in", _("You are signed out."))
    cookies.clear_session(response, page.request)
    return response


@pages.get(_FORGOTTEN, permission=PUBLIC)
def show_forgotten(page: Page) -> Response:
    return _forgotten_page(page, _forgotten_form(page), sent="sent" in page.query)


@pages.post(_FORGOTTEN, permission=PUBLIC, reads=True)
def submit_forgotten(page: Page) -> Response:
    form = _forgotten_form(page).parse(page.form_data)
    if not form.valid:
        return _forgotten_page(page, form, 422)
    # Too many requests get the same answer and no mail: the throttle must not tell which addresses exist
    # either. Nor may the time that the mail takes, so it is written after the answer.
    response = page.redirect(f"{_FORGOTTEN}?sent=1")
    response.background = BackgroundTask(
        _send_link, page.app, page.actor, page.ctx.request_id, form.command.email
    )
    return response


def _send_link(app: "App", actor: Actor, request_id: str, email: str) -> None:
    if app.part(SignInThrottle).admit_link(email, actor.address):
        with app.unit_of_work(actor, request_id=request_id) as unit:
            own_account.ask_for_link(unit, email)


def _forgotten_form(page: Page) -> Form[ForgottenPassword]:
    return page.form(ForgottenPassword, action=_FORGOTTEN, submit=_("Send me a link"))


def _forgotten_page(
    page: Page, form: Form[ForgottenPassword], status: int = 200, sent: bool = False
) -> Response:
    page.title = _("Forgotten password")
    return page.render("auth/forgotten_password.html", status=status, form=form, sent=sent)


@pages.get("/set-password/{token}", permission=PUBLIC)
def show_set_password(page: Page, token: str) -> Response:
    found = links.find(page.ctx.session, token, page.ctx.now())
    return _password_page(page, found, _password_form(page, token))


@pages.post("/set-password/{token}", permission=PUBLIC, hashes=True)
def submit_set_password(page: Page, token: str) -> Response:
    found = links.find(page.ctx.session, token, page.ctx.now())
    form = _password_form(page, token).parse(page.form_data)
    if found is None or not form.valid:
        return _password_page(page, found, form, 422)
    try:
        with page.ctx.session.begin_nested():
            own_account.check_repeated(form.command.password, form.command.repeated)
            user = links.spend(page.ctx, token, form.command.password)
    except Refused as error:
        return _password_page(page, found, form.refuse(error.field, str(error)), 422)
    proof = Proof(user.key, method="mailed link")
    arrival = arriving.arrive(page.ctx, proof, facts_of(page.request), device_token(page.request))
    return arriving.answer(page, arrival, toast=_("Your password is set."))


def _password_form(page: Page, token: str) -> Form[NewPassword]:
    return page.form(NewPassword, action=f"/set-password/{token}", submit=_("Set password"))


def _password_page(
    page: Page, found: links.OpenLink | None, form: Form[NewPassword], status: int = 200
) -> Response:
    page.title = _("Choose a password")
    if found is None:
        return page.render("auth/link_over.html", status=410)
    explanation = _("For {email}. Three or four words that do not belong together are easy to keep in mind.")
    return page.render(
        "set_password.html",
        status=status,
        form=form,
        explanation=str(explanation).format(email=found.user.email),
    )
