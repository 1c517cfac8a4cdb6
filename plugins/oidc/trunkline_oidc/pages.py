"""The way to the identity provider, the way back, and the page after signing out."""

import logging
from dataclasses import replace

from starlette.responses import RedirectResponse, Response

from trunkline.auth import arriving, sessions
from trunkline.auth.second_factor.cookies import device_token
from trunkline.errors import NotFound, Refused, TrunklineError, Unauthenticated, Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import SYSTEM
from trunkline.web import cookies as web_cookies
from trunkline.web.pages import PUBLIC, Page, Pages
from trunkline_oidc import cookies, flow
from trunkline_oidc.provider import BEGIN, CALLBACK, FAREWELL, proof_of
from trunkline_oidc.settings import OidcSettings

log = logging.getLogger(__name__)
PAGES = Pages(audience="any")


@PAGES.get(BEGIN, permission=PUBLIC)
def begin(page: Page) -> Response:
    """Send the browser to the provider."""
    settings = _settings(page)
    again = page.query.get("again") == "1"
    try:
        address, started = flow.begin(
            page.app,
            settings,
            _own(page, CALLBACK),
            _now(page),
            page.query.get("next", "")[:1000],
            again=again,
        )
    except Unavailable as error:
        return _problem(page, error)
    response = RedirectResponse(address, 303)
    cookies.keep_flow(response, page.request, started)
    return response


@PAGES.get(CALLBACK, permission=PUBLIC)
def come_back(page: Page) -> Response:
    """Take the provider's answer, and begin a session or ask for the second factor."""
    settings = _settings(page)
    started = cookies.flow_of(page.request, _now(page))
    if started is None:
        over = Unauthenticated(
            _("This sign-in took too long, or was begun in another browser."), remedy=_("Sign in again.")
        )
        return _problem(page, over)
    try:
        identity = flow.finish(
            page.app, settings, _own(page, CALLBACK), started, dict(page.request.query_params), _now(page)
        )
        facts = arriving.facts_of(page.request)
        with page.app.unit_of_work() as unit:
            proof = proof_of(unit, settings, identity.claims)
            # Whoever was signed in here before is not any more: one browser, one session.
            sessions.end(unit, web_cookies.session_token(page.request))
            arrival = arriving.arrive(unit, proof, facts, device_token(page.request))
    except (Unauthenticated, Unavailable, Refused) as error:
        _record(page, error)
        return _problem(page, error)
    response = arriving.answer(page, arrival, started.next)
    cookies.forget_flow(response, page.request)
    cookies.keep_id_token(response, page.request, identity.id_token)
    return response


@PAGES.get(FAREWELL, permission=PUBLIC)
def say_farewell(page: Page) -> Response:
    """The page after signing out here, which leads to signing out there."""
    settings = _settings(page)
    page.title = str(_("You are signed out"))
    there = flow.end_session_address(
        page.app, settings, cookies.id_token_of(page.request), _own(page, "/sign-in")
    )
    response = page.render("oidc/signed_out.html", there=there, label=settings.label)
    cookies.forget_id_token(response, page.request)
    return response


def _settings(page: Page) -> OidcSettings:
    settings = page.ctx.settings(OidcSettings)
    if not settings.is_set_up:
        raise NotFound(_("No identity provider is set up."))
    return settings


def _own(page: Page, path: str) -> str:
    return f"{page.app.config.public_url}{path}"


def _now(page: Page) -> int:
    return int(page.ctx.now().timestamp())


def _record(page: Page, error: TrunklineError) -> None:
    """Signing in failed: a line of the log, and an entry of the activity log as with a wrong password."""
    log.warning("oidc: somebody could not sign in: %s", error.message)
    somebody = replace(SYSTEM, name="anonymous", address=page.actor.address)
    with page.app.unit_of_work(somebody) as ctx, ctx.run("core.user.sign_in_failed"):
        ctx.note(None, label="oidc", reason=error.message[:300])


def _problem(page: Page, error: TrunklineError) -> Response:
    page.title = str(_("Signing in did not work"))
    if isinstance(error, Unavailable):
        log.error("oidc: the identity provider does not answer: %s", error.message)
        error = Unavailable(
            _("The identity provider does not answer."),
            remedy=_("Try again in a few minutes, or sign in with a password if you have one here."),
        )
    response = page.render(
        "oidc/problem.html", status=422 if error.status == 401 else error.status, problem=error
    )
    cookies.forget_flow(response, page.request)
    return response
