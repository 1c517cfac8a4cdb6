"""The second step of signing in: a code of the app, or a backup code."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trunkline.auth import sessions, sign_in
from trunkline.auth.models import User
from trunkline.auth.second_factor import backup_codes, devices, passkeys, steps, totp
from trunkline.auth.second_factor.passkeys import Place
from trunkline.auth.second_factor.schemas import PasskeyAnswer
from trunkline.auth.sessions import RequestFacts, SignedIn
from trunkline.auth.sign_in import Proof
from trunkline.auth.throttle import SignInThrottle
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext
from trunkline.operation import SYSTEM
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext


@dataclass(frozen=True)
class Finished:
    """Somebody is signed in: the session's token, the remembered browser's if there is one, and who it is."""

    session_token: str
    device_token: str | None
    user_kind: str


def guesses(user_id: int) -> str:
    """Under what name wrong codes of a user are counted."""
    return f"second-factor/{user_id}"


def check_code(app: "App", user_id: int, code: str, facts: RequestFacts) -> str:
    """By what the user was proved (`totp` or `backup code`), which is used up by it.

    Raises Unauthenticated (field `otp`) for a wrong or used code, TooManyRequests after too many of them. Opens its own units
    of work: what is counted and used stays so whatever follows.
    """
    throttle = app.part(SignInThrottle)
    with app.reading() as ctx:
        settings = ctx.settings(CoreSettings)
    throttle.admit_to(guesses(user_id), free=settings.attempts_per_account)
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    with app.unit_of_work() as ctx:
        method = ""
        if totp.spend(ctx, user_id, plain):
            method = "totp"
        elif backup_codes.spend(ctx, user_id, plain):
            method = "backup code"
    if not method:
        throttle.failed(facts.address, per_address=settings.attempts_per_address)
        _record_failure(app, user_id, facts)
        raise Unauthenticated(
            _("This code is wrong, or it was used already."),
            field="otp",
            remedy=_("Wait for the app's next code, or take a backup code."),
        )
    throttle.forget(guesses(user_id))
    return method


def finish(
    app: "App", step: steps.Step, method: str, facts: RequestFacts, *, remember: bool = False
) -> Finished:
    """Complete the step with a session. Raises Unauthenticated when it was completed already or the user disabled."""
    proof = Proof(step.user_id, method=f"{step.method} + {method}", strong=True)
    with app.unit_of_work() as ctx:
        if not steps.complete(ctx, step):
            raise Unauthenticated(_("This sign-in is over."), remedy=_("Sign in again."))
        token = sign_in.start_session(ctx, proof, facts)
        device = devices.remember(ctx, step.user_id, facts) if remember else None
        return Finished(token, device, ctx.session.get_one(User, step.user_id).kind)


def finish_with_passkey(
    app: "App", place: Place, answer: PasskeyAnswer, confirm: steps.Step | None, facts: RequestFacts
) -> Finished:
    """Sign in by a passkey: alone, or as the second factor that completes `confirm`.

    Raises Unauthenticated when it is not accepted, which is on record, or took too long.
    """
    step = _answered(app, answer, {0, confirm.user_id if confirm is not None else 0})
    user_id = _shown(app, place, step, answer, facts)
    if step.user_id and confirm is not None:
        return finish(app, confirm, "passkey", facts)
    with app.unit_of_work() as ctx:
        proof = Proof(user_id, method="passkey", strong=True)
        return Finished(
            sign_in.start_session(ctx, proof, facts), None, ctx.session.get_one(User, user_id).kind
        )


def confirm_with_passkey(app: "App", place: Place, signed_in: SignedIn, answer: PasskeyAnswer) -> str:
    """The session's new token, once its person showed a passkey; as `sudo.confirm` with a password.

    Raises Unauthenticated when it is not accepted, which is on record, or took too long.
    """
    step = _answered(app, answer, {signed_in.user.key})
    _shown(app, place, step, answer, RequestFacts(signed_in.actor.address), alone=True)
    with app.unit_of_work(signed_in.actor) as ctx, ctx.run("core.user.confirm"):
        ctx.note(ctx.session.get(User, signed_in.user.key))
        return sessions.renew(ctx, signed_in.session_id)


def _answered(app: "App", answer: PasskeyAnswer, users: set[int]) -> steps.Step:
    """The question that this answers, asked of one of `users` (0: of anybody); it is over now."""
    with app.unit_of_work() as ctx:
        step = steps.find(ctx.session, answer.token, ctx.now(), steps.Purpose.PASSKEY)
        if step is None or step.user_id not in users or not steps.complete(ctx, step):
            raise Unauthenticated(_("That took too long."), remedy=_("Try again."))
        return step


def _shown(
    app: "App",
    place: Place,
    step: steps.Step,
    answer: PasskeyAnswer,
    facts: RequestFacts,
    *,
    alone: bool = False,
) -> int:
    """Whose passkey was shown. Raises Unauthenticated, and records that."""
    try:
        with app.unit_of_work() as ctx:
            return passkeys.verify(ctx, place, step, answer.credential, alone=alone).user_id
    except Unauthenticated:
        _record_failure(app, step.user_id or None, facts)
        raise


def _record_failure(app: "App", user_id: int | None, facts: RequestFacts) -> None:
    somebody = replace(SYSTEM, name="anonymous", address=facts.address)
    with app.unit_of_work(somebody) as ctx, ctx.run("core.user.second_factor_failed"):
        user = ctx.session.get(User, user_id) if user_id is not None else None
        ctx.note(
            user, label=(user.email or user.name) if user is not None else "passkey", address=facts.address
        )
