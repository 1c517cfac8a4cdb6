"""Somebody who waits after too many failures: until when, letting them in again, and telling them about it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.auth.code_sign_in import own_phone
from trunkline.auth.code_sign_in.signing_in import code_account
from trunkline.auth.events import UserReleased
from trunkline.auth.models import User, UserStatus
from trunkline.auth.second_factor.second_step import guesses
from trunkline.auth.telling import facts_of
from trunkline.auth.throttle import SignInThrottle, account_name
from trunkline.branding.spoken import address_for_customer, brand_of_customer
from trunkline.customers.models import Customer
from trunkline.mail import operations as mail
from trunkline.operation import Actor, Context, operation
from trunkline.settings.core import CoreSettings

if TYPE_CHECKING:
    from trunkline.app import App

_FAILURES = ("core.user.sign_in_failed", "core.user.second_factor_failed")
_LOOK_BACK = timedelta(days=1)


def waits_until(ctx: Context, user: User) -> datetime | None:
    """Until when the user has to wait before the next attempt; None when they need not."""
    return ctx.app.part(SignInThrottle).waits_until(user.email, *_counted(ctx, user))


def _counted(ctx: Context, user: User) -> list[str]:
    """Under what names attempts of a user are counted, beside those with their address and a password."""
    names = [guesses(user.key)]
    customer = ctx.session.get(Customer, user.customer_id) if user.customer_id and not user.email else None
    if customer is not None and customer.tax_id:
        by_code = account_name(code_account(customer.tax_id, user.phone[-4:]))
        names += [by_code, own_phone.attempts(user.key)]
    return names


def release(app: "App", actor: Actor, user_id: int) -> User:
    """Let somebody try again at once, however they sign in. Raises NotFound."""
    with app.unit_of_work(actor) as ctx:
        user = _released(ctx, user_id)
        names = _counted(ctx, user)
    # After the note was written: the counts lie elsewhere when there is Redis, and in transactions of their own when not.
    throttle = app.part(SignInThrottle)
    if user.email:
        throttle.succeeded(user.email)
    for name in names:
        throttle.forget(name)
    return user


@operation("core.sign_in.release")
def _released(ctx: Context, user_id: int) -> User:
    user = ctx.load(User, user_id)
    ctx.note(user, label=user.email or user.name)
    ctx.emit(UserReleased(**facts_of(user)))
    return user


def warn_of_failures(ctx: Context) -> None:
    """Tell people as whom somebody tried to sign in too often within a day, once a day.

    From the log instead of while signing in: an answer that mails takes longer, which would tell that the account exists.
    """
    least, now = ctx.settings(CoreSettings).attempts_per_account, ctx.now()
    rows = ctx.session.execute(
        select(User, func.count())
        .join(ActivityEntry, col(ActivityEntry.subject_id) == col(User.id))
        .where(
            col(ActivityEntry.subject_kind) == "core_user",
            col(ActivityEntry.operation).in_(_FAILURES),
            col(ActivityEntry.at) > now - _LOOK_BACK,
            col(User.status) == UserStatus.ACTIVE,
            col(User.email).is_not(None),
            col(User.email).is_not(None),
        )
        .group_by(col(User.id))
        .having(func.count() >= least)
    ).all()
    for user, times in rows:
        mail.queue(
            ctx,
            template="core/mail/sign_in_failures",
            to=user.email,
            language=user.language,
            context={
                "name": user.name,
                "times": times,
                "operator": brand_of_customer(ctx, user.customer_id).name,
                "link": address_for_customer(ctx, user.customer_id, "/forgotten-password"),
            },
            customer_id=user.customer_id,
            key=f"sign-in-failures:{user.key}:{now:%Y-%m-%d}",
        )
