"""Both factors in one message, as programs send them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from trunkline.auth import sign_in
from trunkline.auth.arriving import Stage, stage_of
from trunkline.auth.second_factor import second_step
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.sign_in import Proof
from trunkline.errors import Forbidden, Unauthenticated
from trunkline.i18n import gettext

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext


def prove(app: "App", email: str, password: str, otp: str, facts: RequestFacts) -> Proof:
    """Who has this e-mail address, password and, where there is a second factor, code.

    Raises as `sign_in.prove` does; Unauthenticated (field `otp`) when a code is wanted or wrong, and Forbidden when a role
    demands a second factor that was not set up.
    """
    proof = sign_in.prove(app, email, password, facts)
    with app.reading() as ctx:
        stage = stage_of(ctx, proof)
    if stage is Stage.SIGNED_IN:
        return proof
    if stage is Stage.SET_UP:
        raise Forbidden(
            _("Your role demands a second factor, and you have none."),
            remedy=_("Sign in with a browser once and set it up."),
        )
    if not otp:
        raise Unauthenticated(
            _("A code of your second factor is wanted."), field="otp", remedy=_("Send it as “otp”.")
        )
    method = second_step.check_code(app, proof.user_id, otp, facts)
    return replace(proof, method=f"{proof.method} + {method}", strong=True)
