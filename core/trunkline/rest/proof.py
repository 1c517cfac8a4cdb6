"""Dangerous actions ask programs for a fresh sign-in, as pages ask people for their password once more (RFC 9470).

A route declares it with `sudo=True`; a handler that knows only later takes a `Proof`. What counts is how long ago the sign-in of
the access token was, not the token: refreshing it proves nothing. An API key proves nothing either, so it is asked for a token;
but for routes with `by_service=True`, which a service account's key is good for: its making asked a person for their password.
"""

from datetime import datetime
from typing import Any

from fastapi import Depends, Request

from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext as _
from trunkline.web.pages import PROOF_LASTS


class FreshSignInNeeded(Unauthenticated):
    """The sign-in is too old for this, or there was none."""

    title = "Sign in anew"
    #: What the header `WWW-Authenticate` says beside its scheme.
    challenge = f'error="insufficient_user_authentication", max_age="{int(PROOF_LASTS.total_seconds())}"'


def check(proved_at: datetime | None, now: datetime) -> None:
    """Raise FreshSignInNeeded unless somebody proved who they are within `PROOF_LASTS`."""
    if proved_at is None or now - proved_at >= PROOF_LASTS:
        raise FreshSignInNeeded(
            _("This needs a sign-in that is not older than ten minutes."),
            remedy=_("Sign in again at /api/v1/auth/login and send the same with that token."),
        )


class Proof:
    """Asks for the same, of a handler that finds out what it does only by what is sent."""

    # Without a dictionary it is no part of what tells a repeated request from another one.
    __slots__ = ("_now", "_proved_at")

    def __init__(self, proved_at: datetime | None, now: datetime) -> None:
        self._proved_at, self._now = proved_at, now

    def require(self) -> None:
        """Raise FreshSignInNeeded as a route with `sudo=True` does."""
        check(self._proved_at, self._now)


def _proof_of(request: Request) -> Proof:
    return Proof(request.state.proved_at, request.app.state.app.clock())


#: Default value of a handler's `proof: Proof`.
proof: Any = Depends(_proof_of)
