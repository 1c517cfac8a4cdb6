"""REST: signing in for programs, and users."""

from datetime import datetime

from fastapi import Header
from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse

from trunkline.auth import operations, queries, sign_in, tokens
from trunkline.auth.schemas import EditUser, InviteUser, LoginIn, RefreshIn, TokenOut, UserOut
from trunkline.auth.second_factor import programs
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.signing_keys.keys import published
from trunkline.auth.tables import USERS
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_of, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.web.pages import PUBLIC

_ = gettext

auth = RestRoutes("/auth", "auth")
users = RestRoutes("/users", "users")


class JwkSet(JSONResponse):
    """RFC 7517, 8.5.2."""

    media_type = "application/jwk-set+json"


# These open their own units of work: hashing must hold no lock, a revocation must be kept although the answer
# is
# 401, and tokens must not be remembered for repeats under an Idempotency-Key.


@auth.post("/login", permission=PUBLIC, status=200, reads=True, hashes=True)
def login(ctx: Context, body: LoginIn, user_agent: str = Header("")) -> TokenOut:
    """Sign in by e-mail and password. The access token goes into `Authorization: Bearer …`.

    Where the account has a second factor, 401 names the field `otp`: send the same again with a code of the app or a backup
    code in it.
    """
    facts = RequestFacts(ctx.actor.address, user_agent, ctx.request_id)
    proof = programs.prove(ctx.app, body.email, body.password, body.otp, facts)
    return _out(sign_in.open_tokens(ctx.app, proof, facts))


@auth.post("/refresh", permission=PUBLIC, status=200, reads=True)
def refresh(ctx: Context, body: RefreshIn) -> TokenOut:
    """A new pair for a refresh token, which works once; using it again ends the whole sign-in."""
    with ctx.app.unit_of_work(ctx.actor) as unit:
        pair = tokens.refresh(unit, body.refresh_token)
    if pair is None:
        raise Unauthenticated(
            _("This refresh token is not valid any more."), field="refresh_token", remedy=_("Sign in again.")
        )
    return _out(pair)


@auth.post("/logout", permission=PUBLIC, status=204, reads=True)
def logout(ctx: Context, body: RefreshIn) -> None:
    """End the sign-in that a refresh token belongs to, its access tokens included."""
    with ctx.app.unit_of_work(ctx.actor) as unit:
        tokens.revoke(unit, body.refresh_token)


@auth.get("/jwks", permission=PUBLIC, response_class=JwkSet)
def signing_keys(ctx: Context) -> JwkSet:
    """The public keys that check access tokens, as a JWK set (RFC 7517). Tokens name theirs as `kid`."""
    return JwkSet(published(ctx), headers={"Cache-Control": "public, max-age=300"})


def _out(pair: tokens.TokenPair) -> TokenOut:
    return TokenOut(
        access_token=pair.access_token,
        refresh_token=pair.refresh_token,
        token_type=pair.token_type,
        expires_in=pair.expires_in,
    )


@users.get("", permission="core.user.list", table=USERS)
def list_users(ctx: Context, params: ListParams = list_params) -> Listing[UserOut]:
    """Users, staff and portal."""
    return read_list(ctx, USERS, queries.list_users(ctx), params, UserOut)


@users.get("/{user_id}", permission="core.user.view")
def show_user(ctx: Context, user_id: int) -> UserOut:
    """One user by key."""
    return _user(ctx, user_id)


@users.post("", permission="core.user.invite", sudo=True, by_service=True)
def invite(ctx: Context, command: InviteUser) -> UserOut:
    """Add a member of staff; they are mailed a link to set a password."""
    return _user(ctx, operations.invite_staff(ctx, command).key)


@users.patch("/{user_id}", permission="core.user.edit", sudo=True, by_service=True)
def edit(ctx: Context, user_id: int, command: EditUser, version: int | None = if_match) -> UserOut:
    """Change name, language and roles."""
    operations.edit_user(ctx, user_id, command.model_copy(update={"version": version}))
    return _user(ctx, user_id)


@users.post("/{user_id}/disable", permission="core.user.disable", status=200, sudo=True, by_service=True)
def disable(ctx: Context, user_id: int) -> UserOut:
    """Keep somebody from signing in; sessions, tokens and keys end at once."""
    operations.disable_user(ctx, user_id)
    return _user(ctx, user_id)


@users.post("/{user_id}/enable", permission="core.user.disable", status=200)
def enable(ctx: Context, user_id: int) -> UserOut:
    """Let somebody sign in again."""
    operations.enable_user(ctx, user_id)
    return _user(ctx, user_id)


@users.post("/{user_id}/invite-again", permission="core.user.invite", status=202)
def invite_again(ctx: Context, user_id: int) -> UserOut:
    """Mail the invitation once more, with a new link; the one before stops working."""
    operations.invite_again(ctx, user_id)
    return _user(ctx, user_id)


@users.post("/{user_id}/end-sessions", permission="core.user.disable", status=200)
def end_sessions(ctx: Context, user_id: int) -> UserOut:
    """Sign somebody out of every browser."""
    operations.end_sessions(ctx, user_id)
    return _user(ctx, user_id)


class SessionOut(BaseModel):
    """A browser in which somebody is signed in."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    device: str
    address: str
    started_at: datetime
    last_seen_at: datetime


@users.get("/{user_id}/sessions", permission="core.user.view")
def sessions(ctx: Context, user_id: int) -> Listing[SessionOut]:
    """Browsers in which a user is signed in now, the most recent first."""
    found = queries.sessions_of(ctx, queries.user(ctx, user_id).key)
    return list_of([SessionOut.model_validate(one) for one in found])


@users.delete("/{user_id}/sessions/{session_id}", permission="core.user.disable")
def end_session(ctx: Context, user_id: int, session_id: int) -> None:
    """Sign somebody out of one browser; one that is over already is fine."""
    operations.end_session(ctx, user_id, session_id)


def _user(ctx: Context, user_id: int) -> UserOut:
    return UserOut.model_validate(dict(queries.user_row(ctx, user_id)))
