"""Pages for people who are not signed in: sign in, forgotten password, the mailed link; and signing out."""

from starlette.requests import Request
from starlette.responses import Response

from trunkline.auth import links, own_account, sessions, sign_in
from trunkline.auth.models import User, UserKind
from trunkline.auth.schemas import ForgottenPassword, NewPassword, SignIn
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.throttle import SignInThrottle
from trunkline.errors import Refused, TooManyRequests, Unauthenticated
from trunkline.i18n import gettext
from trunkline.web import cookies
from trunkline.web.forms import Form
from trunkline.web.pages import PUBLIC, SIGNED_IN, Page, Pages

_ = gettext

pages = Pages(audience="any")
_FORGOTTEN = "/forgotten-password"


def facts_of(request: Request) -> RequestFacts:
    """What is kept about the browser."""
    address = request.client.host if request.client else ""
    return RequestFacts(address, request.headers.get("user-agent", ""))


def home_of(kind: str) -> str:
    """Where somebody starts."""
    return "/portal" if kind == UserKind.PORTAL else "/"


def safe_next(path: str, kind: str) -> str:
    """The page that was asked for before signing in, if it is one of ours and of this audience; else the
    start page.
    """
    own = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    word = path.partition("?")[0].strip("/").partition("/")[0]
    if not own or word in ("sign-in", "sign-out", "set-password", "forgotten-password"):
        return home_of(kind)
    fits = (word == "portal") == (kind == UserKind.PORTAL) or word == "profile"
    return path if fits else home_of(kind)


@pages.get("/sign-in", permission=PUBLIC)
def show_sign_in(page: Page) -> Response:
    if page.user is not None:
        return page.redirect(safe_next(page.query.get("next", ""), page.user.kind))
    return _sign_in_page(page, _sign_in_form(page))


@pages.post("/sign-in", permission=PUBLIC, reads=True)
def submit_sign_in(page: Page) -> Response:
    form = _sign_in_form(page).parse(page.form_data)
    if not form.valid:
        return _sign_in_page(page, form, 422)
    try:
        command, facts = form.command, facts_of(page.request)
        proof = sign_in.prove(page.app, command.email, command.password, facts)
        token = sign_in.open_session(page.app, proof, facts)
    except Unauthenticated as error:
        return _sign_in_page(page, form.refuse(None, str(error)), 422)
    except TooManyRequests as error:
        return _sign_in_page(page, form.refuse(None, str(error)), error.status)
    user = page.ctx.session.get(User, proof.user_id)
    kind = user.kind if user is not None else UserKind.STAFF
    return _with_session(page, page.redirect(safe_next(command.next, kind)), token)


def _sign_in_form(page: Page) -> Form[SignIn]:
    return page.form(SignIn, {"next": page.query.get("next", "")}, action="/sign-in", submit=_("Sign in"))


def _sign_in_page(page: Page, form: Form[SignIn], status: int = 200) -> Response:
    page.title = _("Sign in")
    return page.render("sign_in.html", status=status, form=form, forgotten_path=_FORGOTTEN)


def _with_session(page: Page, response: Response, token: str) -> Response:
    cookies.set_session(response, page.request, token)
    return response


@pages.post("/sign-out", permission=SIGNED_IN)
def sign_out(page: Page) -> Response:
    with page.ctx.run("core.user.sign_out"):
        page.ctx.note(own_account.own_user(page.ctx))
        sessions.end(page.ctx, cookies.session_token(page.request))
    response = page.redirect("/sign-in", _("You are signed out."))
    cookies.clear_session(response, page.request)
    return response


@pages.get(_FORGOTTEN, permission=PUBLIC)
def show_forgotten(page: Page) -> Response:
    return _forgotten_page(page, _forgotten_form(page), sent="sent" in page.query)


@pages.post(_FORGOTTEN, permission=PUBLIC)
def submit_forgotten(page: Page) -> Response:
    form = _forgotten_form(page).parse(page.form_data)
    if not form.valid:
        return _forgotten_page(page, form, 422)
    # Too many requests get the same answer and no mail: the throttle must not tell which addresses exist
    # either.
    if page.app.part(SignInThrottle).admit_link(form.command.email, page.actor.address):
        own_account.ask_for_link(page.ctx, form.command.email)
    return page.redirect(f"{_FORGOTTEN}?sent=1")


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


@pages.post("/set-password/{token}", permission=PUBLIC)
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
    session_token = sessions.start(page.ctx, user, facts_of(page.request))
    response = page.redirect(home_of(user.kind), _("Your password is set."))
    return _with_session(page, response, session_token)


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
