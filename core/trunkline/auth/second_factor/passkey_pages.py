"""Signing in with a passkey, alone or after the password, and looking after one's own."""

from typing import Any
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from trunkline.access.roles import acting_as
from trunkline.auth.arriving import SET_UP_PAGE, facts_of, safe_next
from trunkline.auth.models import User
from trunkline.auth.own_account import own_user
from trunkline.auth.second_factor import cookies as step_cookies
from trunkline.auth.second_factor import operations, passkeys, queries, second_step
from trunkline.auth.second_factor.profile_pages import HERE, show_codes, this_session
from trunkline.auth.second_factor.schemas import NewPasskey, PasskeyAnswer
from trunkline.auth.second_factor.sign_in_pages import finish_set_up, let_in, open_step
from trunkline.auth.second_factor.steps import Purpose, Step
from trunkline.auth.throttle import SignInThrottle
from trunkline.errors import Forbidden, Refused, Unauthenticated
from trunkline.i18n import gettext
from trunkline.web import cookies
from trunkline.web.pages import PUBLIC, SIGNED_IN, Page, Pages

_ = gettext

pages = Pages(audience="any")


def _place(page: Page) -> passkeys.Place:
    place = passkeys.place_of(page.request)
    if place is None:
        raise Refused(
            _("Browsers know no passkeys at this address."),
            remedy=_("Open this system by its name over https."),
        )
    return place


def _as_json(ceremony: passkeys.Ceremony) -> Response:
    return JSONResponse({"options": ceremony.options, "token": ceremony.token})


@pages.post("/sign-in/passkey/options", permission=PUBLIC, reads=True)
def sign_in_options(page: Page) -> Response:
    place, step = _place(page), open_step(page, Purpose.CONFIRM) if "second" in page.query else None
    page.app.part(SignInThrottle).admit_passkey(page.actor.address)
    with page.app.unit_of_work() as ctx:
        return _as_json(passkeys.begin_sign_in(ctx, place, step.user_id if step else None))


@pages.post("/sign-in/passkey", permission=PUBLIC, reads=True)
def sign_in_with_passkey(page: Page) -> Response:
    facts = facts_of(page.request)
    try:
        answer = page.command(PasskeyAnswer)
        finished = second_step.finish_with_passkey(
            page.app, _place(page), answer, open_step(page, Purpose.CONFIRM), facts
        )
    except (Unauthenticated, Refused) as error:
        back = page.redirect("/sign-in", str(error))
        step_cookies.clear_step(back, page.request)
        return back
    return let_in(page, finished, answer.next)


def _set_up_by(page: Page) -> tuple[Step, User]:
    step = open_step(page, Purpose.SET_UP)
    if step is None:
        raise Unauthenticated(_("That took too long."), remedy=_("Sign in again."))
    return step, page.ctx.session.get_one(User, step.user_id)


@pages.post(f"{SET_UP_PAGE}/passkey/options", permission=PUBLIC)
def first_registration_options(page: Page) -> Response:
    _step, user = _set_up_by(page)
    return _as_json(passkeys.begin_registration(page.ctx, user, _place(page)))


@pages.post(f"{SET_UP_PAGE}/passkey", permission=PUBLIC)
def set_up_passkey(page: Page) -> Response:
    step, user = _set_up_by(page)
    new, facts, ctx = page.command(NewPasskey), facts_of(page.request), page.ctx
    passkey = passkeys.register(
        ctx, user, _place(page), token=new.token, credential=new.credential, name=new.name
    )
    with acting_as(ctx, user, facts.address):
        codes = operations.added_passkey(ctx, passkey, this_session=None)
    return finish_set_up(page, step, codes, "passkey", str(page.form_data.get("next", "")))


@pages.post("/confirm/passkey/options", permission=SIGNED_IN)
def confirm_options(page: Page) -> Response:
    user_id = own_user(page.ctx).key
    return _as_json(passkeys.begin_sign_in(page.ctx, _place(page), user_id, alone=True))


@pages.post("/confirm/passkey", permission=SIGNED_IN, reads=True)
def confirm_with_passkey(page: Page) -> Response:
    answer, signed_in = page.command(PasskeyAnswer), page.signed_in
    if signed_in is None or signed_in.impersonation is not None:
        raise Forbidden(_("Only the person whose account this is can confirm."))
    try:
        token = second_step.confirm_with_passkey(page.app, _place(page), signed_in, answer)
    except Unauthenticated as error:
        return page.redirect(f"/confirm?next={quote(answer.next, safe='')}", error.message)
    response = page.redirect(
        safe_next(answer.next, signed_in.user.kind),
        _("Thank you. For ten minutes you will not be asked again."),
    )
    cookies.set_session(response, page.request, token)
    return response


def on_confirm(page: Page, subject: Any) -> str | None:
    """The button on the page that asks once more, for people who have a passkey here."""
    place = passkeys.place_of(page.request)
    keys = queries.passkeys_of(page.ctx, own_user(page.ctx).key) if place else []
    if place is None or all(key.host != place.host for key in keys):
        return None
    return page.fragment("auth/second_factor/confirm_passkey.html", next_page=page.query.get("next", ""))


@pages.post(f"{HERE}/passkeys/options", permission=SIGNED_IN, sudo=True)
def registration_options(page: Page) -> Response:
    return _as_json(passkeys.begin_registration(page.ctx, own_user(page.ctx), _place(page)))


@pages.post(f"{HERE}/passkeys", permission=SIGNED_IN, sudo=True)
def add_passkey(page: Page) -> Response:
    new = page.command(NewPasskey)
    user: User = own_user(page.ctx)
    passkey = passkeys.register(
        page.ctx, user, _place(page), token=new.token, credential=new.credential, name=new.name
    )
    codes = operations.added_passkey(page.ctx, passkey, this_session=this_session(page))
    return show_codes(page, codes, _("Your passkey is set up; you are signed out everywhere else."))


@pages.post(f"{HERE}/passkeys/{{passkey_id:int}}/remove", permission=SIGNED_IN, sudo=True)
def remove_passkey(page: Page, passkey_id: int) -> Response:
    name = operations.remove_passkey(page.ctx, passkey_id, this_session=this_session(page))
    return page.redirect(HERE, _("The passkey “{name}” is not accepted any more.", name=name))
