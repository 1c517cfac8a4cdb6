"""Where somebody goes who has just shown who they are: into a session, or to the second factor first.

Every way to sign in ends here (password, mailed link, directory, code by SMS): `arrive` in a unit of work, then `answer`.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from sqlalchemy import update
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response

from trunkline.auth import sign_in
from trunkline.auth.models import User, UserKind
from trunkline.auth.second_factor import cookies as step_cookies
from trunkline.auth.second_factor import devices, queries, steps, totp
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.sign_in import Proof
from trunkline.operation import Context
from trunkline.web import cookies
from trunkline.web.pages import Page


class Stage(StrEnum):
    """What comes next."""

    SIGNED_IN = "signed_in"
    CONFIRM = "confirm"
    SET_UP = "set_up"


#: The pages of the stages that are not over yet.
CONFIRM_PAGE = "/sign-in/second-step"
SET_UP_PAGE = "/sign-in/set-up"


@dataclass(frozen=True)
class Arrival:
    """What comes next and the token that the browser gets for it."""

    stage: Stage
    token: str
    user_kind: str


def stage_of(ctx: Context, proof: Proof, device_token: str = "") -> Stage:
    """What is asked of somebody with this proof, on a browser with this token of a remembered device."""
    if proof.strong:
        return Stage.SIGNED_IN
    if queries.has_factor(ctx.session, proof.user_id):
        known = devices.is_remembered(ctx, proof.user_id, device_token)
        return Stage.SIGNED_IN if known else Stage.CONFIRM
    return Stage.SET_UP if queries.required_by(ctx, proof.user_id) else Stage.SIGNED_IN


def arrive(ctx: Context, proof: Proof, facts: RequestFacts, device_token: str = "") -> Arrival:
    """Begin a session, or the step that comes before it.

    Raises Unauthenticated when the account was disabled in the meantime. Needs a writing unit of work.
    """
    stage = stage_of(ctx, proof, device_token)
    user = ctx.session.get_one(User, proof.user_id)
    if stage is Stage.SIGNED_IN:
        return Arrival(stage, sign_in.start_session(ctx, proof, facts), user.kind)
    if proof.fresh_hash is not None:
        ctx.session.execute(
            update(User).where(col(User.id) == user.key).values(password_hash=proof.fresh_hash)
        )
    if stage is Stage.SET_UP:
        totp.prepare(ctx, user.key)
    purpose = steps.Purpose.SET_UP if stage is Stage.SET_UP else steps.Purpose.CONFIRM
    return Arrival(stage, steps.begin(ctx, purpose, user_id=user.key, method=proof.method), user.kind)


def answer(page: Page, arrival: Arrival, next_page: str = "", toast: str = "") -> Response:
    """Send the browser where `arrival` says, with its cookie; in the end to `next_page` if that is a page of ours."""
    if arrival.stage is Stage.SIGNED_IN:
        response = page.redirect(safe_next(next_page, arrival.user_kind), toast)
        cookies.set_session(response, page.request, arrival.token)
        return response
    place = CONFIRM_PAGE if arrival.stage is Stage.CONFIRM else SET_UP_PAGE
    response = page.redirect(f"{place}?next={quote(next_page, safe='')}" if next_page else place)
    step_cookies.set_step(response, page.request, arrival.token)
    return response


def facts_of(request: Request) -> RequestFacts:
    """What is kept about the browser."""
    address = request.client.host if request.client else ""
    request_id = request.scope.get("state", {}).get("request_id", "")
    return RequestFacts(address, request.headers.get("user-agent", ""), request_id)


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
