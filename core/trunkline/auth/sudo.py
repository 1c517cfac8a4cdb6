"""Dangerous actions ask for the password once more: an open browser or a stolen cookie is not enough for them.

OWASP ASVS 5, 7.5.1 and 7.5.3. A page declares it with `sudo=True`; a handler that knows only later calls `require(page)`.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from trunkline.auth import sessions
from trunkline.auth.models import User
from trunkline.errors import Forbidden, Unauthenticated
from trunkline.i18n import gettext
from trunkline.web.pages import PROOF_LASTS

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.auth.sessions import RequestFacts, SignedIn
    from trunkline.web.pages import Page

_ = gettext


class ProofNeeded(Forbidden):
    """The person has to show again who they are; pages answer with the way to `/confirm`."""

    title = "Confirm that it is you"


def require(page: "Page", lasts: timedelta = PROOF_LASTS) -> None:
    """Raise ProofNeeded unless the person of this page's session proved who they are within `lasts`."""
    if page.signed_in is None:
        raise Unauthenticated(_("Sign in to see this page."))
    check(page.signed_in, page.ctx.now(), lasts)


def check(signed_in: "SignedIn", now: datetime, lasts: timedelta) -> None:
    """Raise ProofNeeded when the session's last proof is older than `lasts`; somebody who works as another has none."""
    if signed_in.proved_at is None or now - signed_in.proved_at >= lasts:
        raise ProofNeeded(_("This needs your password once more."))


def confirm(app: "App", signed_in: "SignedIn", password: str, facts: "RequestFacts") -> str:
    """The session's new token, once the person showed the password; it counts as proved from now on.

    Raises Unauthenticated for a wrong password and TooManyRequests as signing in does: somebody at a foreign screen must not
    try passwords more often here than there. Opens its own units of work, so that hashing holds no lock.
    """
    from trunkline.auth import sign_in

    proof = sign_in.prove(app, signed_in.user.email, password, facts)
    if proof.user_id != signed_in.user.key:
        raise Unauthenticated(_("The password is wrong."), remedy=_("Check it and try again."))
    with app.unit_of_work(signed_in.actor) as ctx, ctx.run("core.user.confirm"):
        ctx.note(ctx.session.get(User, signed_in.user.key))
        return sessions.renew(ctx, signed_in.session_id)
