"""Between the password and the session: the code, or setting up a first app where a role demands one."""

from dataclasses import replace

from starlette.responses import Response

from trunkline.access.roles import acting_as
from trunkline.auth import sign_in
from trunkline.auth.arriving import CONFIRM_PAGE, SET_UP_PAGE, facts_of, home_of, safe_next
from trunkline.auth.models import User
from trunkline.auth.second_factor import cookies as step_cookies
from trunkline.auth.second_factor import operations, passkeys, queries, second_step, steps, totp
from trunkline.auth.second_factor.schemas import FirstCode, SecondStep
from trunkline.auth.second_factor.second_step import Finished
from trunkline.auth.sign_in import Proof
from trunkline.auth.whereabouts import describe_user_agent
from trunkline.errors import Refused, TooManyRequests, Unauthenticated
from trunkline.i18n import gettext
from trunkline.settings.core import CoreSettings
from trunkline.web import cookies
from trunkline.web.forms import Form
from trunkline.web.pages import PUBLIC, Page, Pages

_ = gettext

pages = Pages(audience="any")


def open_step(page: Page, purpose: steps.Purpose) -> steps.Step | None:
    """The step that this browser is in."""
    token = step_cookies.step_token(page.request)
    return steps.find(page.ctx.session, token, page.ctx.now(), purpose)


@pages.get(CONFIRM_PAGE, permission=PUBLIC)
def show_second_step(page: Page) -> Response:
    step = open_step(page, steps.Purpose.CONFIRM)
    return _step_page(page, step, _step_form(page, step)) if step is not None else _over(page)


@pages.post(CONFIRM_PAGE, permission=PUBLIC, reads=True)
def submit_second_step(page: Page) -> Response:
    step = open_step(page, steps.Purpose.CONFIRM)
    if step is None:
        return _over(page)
    form = _step_form(page, step).parse(page.form_data)
    if not form.valid:
        return _step_page(page, step, form, 422)
    if not steps.count_attempt(page.app, step):
        return _over(page)
    facts, command = facts_of(page.request), form.command
    try:
        method = second_step.check_code(page.app, step.user_id, command.code, facts)
    except Unauthenticated as error:
        return _step_page(page, step, form.refuse("code", str(error)), 422)
    except TooManyRequests as error:
        return _step_page(page, step, form, error.status, waiting=str(error))
    finished = second_step.finish(page.app, step, method, facts, remember=command.remember)
    return let_in(page, finished, command.next)


def let_in(page: Page, finished: Finished, next_page: str) -> Response:
    """Send the browser on with its session, after the second step."""
    response = page.redirect(safe_next(next_page, finished.user_kind))
    cookies.set_session(response, page.request, finished.session_token)
    step_cookies.clear_step(response, page.request)
    if finished.device_token is not None:
        days = page.ctx.settings(CoreSettings).remember_device_days
        step_cookies.set_device(response, page.request, finished.device_token, days)
    return response


def _step_form(page: Page, step: steps.Step) -> Form[SecondStep]:
    form: Form[SecondStep] = page.form(
        SecondStep,
        {"next": page.query.get("next", "")},
        action=CONFIRM_PAGE,
        submit=_("Sign in"),
        exclude=() if page.ctx.settings(CoreSettings).remember_device_days else ("remember",),
    )
    if not _has_app(page, step):
        form.specs = [
            replace(spec, label=_("Backup code"), help=_("Each code of your list works once."))
            if spec.name == "code"
            else spec
            for spec in form.specs
        ]
    return form


def _has_app(page: Page, step: steps.Step) -> bool:
    return totp.confirmed(page.ctx.session, step.user_id) is not None


def _step_page(
    page: Page, step: steps.Step, form: Form[SecondStep], status: int = 200, waiting: str = ""
) -> Response:
    page.title = _("Second factor")
    place = passkeys.place_of(page.request)
    keys = [key for key in queries.passkeys_of(page.ctx, step.user_id) if place and key.host == place.host]
    return page.render(
        "auth/second_factor/step.html",
        status=status,
        form=form,
        waiting=waiting,
        has_app=_has_app(page, step),
        has_passkey=bool(keys),
        next_page=page.query.get("next", ""),
        days=page.ctx.settings(CoreSettings).remember_device_days,
    )


def _over(page: Page) -> Response:
    response = page.redirect("/sign-in", _("That took too long or went wrong too often. Sign in again."))
    step_cookies.clear_step(response, page.request)
    return response


@pages.get(SET_UP_PAGE, permission=PUBLIC)
def show_set_up(page: Page) -> Response:
    step = open_step(page, steps.Purpose.SET_UP)
    return _set_up_page(page, step, _first_code(page)) if step is not None else _over(page)


@pages.post(SET_UP_PAGE, permission=PUBLIC)
def submit_set_up(page: Page) -> Response:
    step = open_step(page, steps.Purpose.SET_UP)
    form = _first_code(page).parse(page.form_data)
    if step is None or not form.valid:
        return _over(page) if step is None else _set_up_page(page, step, form, 422)
    facts, ctx = facts_of(page.request), page.ctx
    user = ctx.session.get_one(User, step.user_id)
    try:
        with ctx.session.begin_nested(), acting_as(ctx, user, facts.address):
            codes = operations.confirm_app(ctx, form.command.code, this_session=None)
    except Refused as error:
        return _set_up_page(page, step, form.refuse(error.field, str(error)), 422)
    return finish_set_up(page, step, codes, "totp", form.command.next)


def finish_set_up(page: Page, step: steps.Step, codes: list[str], factor: str, next_page: str) -> Response:
    """Sign in whoever has just set their first factor up, and show their backup codes."""
    ctx, facts = page.ctx, facts_of(page.request)
    if not steps.complete(ctx, step):
        return _over(page)
    user = ctx.session.get_one(User, step.user_id)
    proof = Proof(user.key, method=f"{step.method} + {factor}", strong=True)
    token = sign_in.start_session(ctx, proof, facts)
    page.title = _("Backup codes")
    response = page.render(
        "auth/second_factor/first_codes.html",
        codes=codes,
        onwards=safe_next(next_page, user.kind) if next_page else home_of(user.kind),
    )
    cookies.set_session(response, page.request, token)
    step_cookies.clear_step(response, page.request)
    return response


def _first_code(page: Page) -> Form[FirstCode]:
    values = {"next": page.query.get("next", "")}
    return page.form(FirstCode, values, action=SET_UP_PAGE, submit=_("Set up and sign in"))


def _set_up_page(page: Page, step: steps.Step, form: Form[FirstCode], status: int = 200) -> Response:
    factor = totp.prepared(page.ctx.session, step.user_id)
    if factor is None:
        return _over(page)
    page.title = _("Set up a second factor")
    user = page.ctx.session.get_one(User, step.user_id)
    return page.render(
        "auth/second_factor/set_up.html",
        status=status,
        form=form,
        picture=totp.picture(totp.address_for_app(factor, user, page.app.config.operator_name)),
        secret=totp.in_groups(factor.secret),
        may_add_passkey=passkeys.place_of(page.request) is not None,
        this_device=describe_user_agent(page.request.headers.get("user-agent", "")),
        next_page=form["next"].shown,
    )
