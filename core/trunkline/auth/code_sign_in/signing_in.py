"""Signing in by tax id: a code to a verified phone, for people of customers who have no e-mail address."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Select, func, select
from sqlmodel import col

from trunkline.auth.code_sign_in import codes
from trunkline.auth.code_sign_in.models import CodePurpose
from trunkline.auth.digest import digest
from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.auth.sessions import RequestFacts
from trunkline.auth.sign_in import Proof
from trunkline.auth.throttle import SignInThrottle
from trunkline.branding.spoken import brand_of_customer
from trunkline.customers.models import Customer
from trunkline.errors import Unauthenticated
from trunkline.i18n import gettext, use_locale
from trunkline.operation import SYSTEM, Actor, Context
from trunkline.settings.core import CoreSettings
from trunkline.sms import operations as sms

if TYPE_CHECKING:
    from trunkline.app import App

_ = gettext

_PREFIX = "code/"


def ask(app: "App", actor: Actor, request_id: str, token: str, tax_id: str, digits: str) -> None:
    """Send a code to the phone with these last digits of somebody of this tax id; it counts with `token`.

    Says nothing either way, and takes longer when there is somebody: call it after the answer has left.
    """
    compact, account = _compact(tax_id), code_account(tax_id, digits)
    if not app.part(SignInThrottle).admit_link(account, actor.address):
        return
    with app.unit_of_work(actor, request_id=request_id) as ctx:
        user = _find(ctx, compact, digits)
        code = codes.make(ctx, CodePurpose.SIGN_IN, user, token, account.removeprefix(_PREFIX))
        if user is None:
            return
        with ctx.run("core.user.ask_for_code"):
            ctx.note(user, label=user.name)
            with use_locale(user.language):
                text = str(
                    _(
                        "{code} is your code to sign in at {operator}. It works for {n} minutes. Tell it nobody.",
                        code=code,
                        operator=brand_of_customer(ctx, user.customer_id).name,
                        n=int(codes.LIFETIME.total_seconds() // 60),
                    )
                )
            sms.queue(
                ctx,
                to=user.phone,
                text=text,
                key=f"code:{digest(token)}",
                customer_id=user.customer_id,
                secrets=(code,),
                useful_for=codes.LIFETIME,
            )


def code_account(tax_id: str, digits: str) -> str:
    """What attempts with this tax id and the last digits of this phone are counted as, in place of an e-mail address."""
    return f"{_PREFIX}{digest(f'{_compact(tax_id)}/{digits}')}"


def _compact(tax_id: str) -> str:
    return "".join(character for character in tax_id.upper() if character.isalnum())


def prove(app: "App", token: str, code: str, facts: RequestFacts) -> Proof:
    """Who typed the right code in the browser that asked for it.

    Raises TooManyRequests when the account or the address has tried too often, Unauthenticated otherwise, with the same words
    whatever is wrong. Opens its own units of work, so that the try stays counted.
    """
    throttle = app.part(SignInThrottle)
    with app.reading() as ctx:
        settings, account, asked = (
            ctx.settings(CoreSettings),
            codes.account_of(ctx, token),
            codes.user_of(ctx, token),
        )
    throttle.admit(
        f"{_PREFIX}{account}",
        facts.address,
        per_account=settings.attempts_per_account,
        per_address=settings.attempts_per_address,
    )
    with app.unit_of_work() as ctx:
        user = codes.spend(ctx, CodePurpose.SIGN_IN, token, code)
        key = user.key if user is not None and _may_sign_in(user) else None
    if key is None:
        throttle.failed(facts.address, per_address=settings.attempts_per_address)
        _record_failure(app, asked, facts)
        raise Unauthenticated(
            _("The code is wrong, or its time is over."), remedy=_("Check it, or ask for another one.")
        )
    throttle.succeeded(f"{_PREFIX}{account}")
    return Proof(key, method="code by text message")


def is_offered(ctx: Context) -> bool:
    """Whether there is anybody who signs in this way."""
    return ctx.session.scalar(select(_those_who_may().exists())) is True


def _may_sign_in(user: User) -> bool:
    return (
        user.kind == UserKind.PORTAL
        and user.is_active
        and not user.email
        and user.phone_verified_at is not None
    )


def _those_who_may() -> Select[User]:
    return select(User).where(
        col(User.kind) == UserKind.PORTAL,
        col(User.status) == UserStatus.ACTIVE,
        col(User.email).is_(None),
        col(User.phone_verified_at).is_not(None),
    )


def _find(ctx: Context, tax_id: str, digits: str) -> User | None:
    """The first of those who share tax id and digits, should there be several."""
    statement = (
        _those_who_may()
        .join(Customer, col(Customer.id) == col(User.customer_id))
        .where(func.upper(col(Customer.tax_id)) == tax_id, col(User.phone).like(f"%{digits}"))
        .order_by(col(User.id))
        .limit(1)
    )
    return ctx.session.scalars(statement).first()


def _record_failure(app: "App", user_id: int | None, facts: RequestFacts) -> None:
    somebody = replace(SYSTEM, name="anonymous", address=facts.address)
    with app.unit_of_work(somebody) as ctx, ctx.run("core.user.sign_in_failed"):
        user = ctx.session.get(User, user_id) if user_id is not None else None
        ctx.note(user, label=user.name if user is not None else "code", by="code")
