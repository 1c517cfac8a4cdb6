"""What people who sign in by codes do themselves: confirm by a code what is dangerous, and change the phone that codes go to.

Everything here is called from a context that only reads, and opens units of work of its own, so that each try stays counted.
"""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from trunkline.auth import sessions, telling, tokens
from trunkline.auth.code_sign_in import codes
from trunkline.auth.code_sign_in.models import CodePurpose
from trunkline.auth.digest import digest, new_token
from trunkline.auth.impersonation.limits import in_person
from trunkline.auth.models import User
from trunkline.auth.own_account import own_user
from trunkline.auth.throttle import SignInThrottle
from trunkline.branding.spoken import brand_of_customer
from trunkline.customers.identity import check_phone
from trunkline.customers.models import Customer
from trunkline.errors import Conflict, Forbidden, Refused, TooManyRequests, Unauthenticated
from trunkline.i18n import gettext, use_locale
from trunkline.settings.core import CoreSettings
from trunkline.sms import operations as sms
from trunkline.web.writing import phone_text

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.auth.sessions import RequestFacts, SignedIn
    from trunkline.operation import Context

_ = gettext


def signs_in_by_code(user: User) -> bool:
    """Whether codes to a phone are how this person shows who they are."""
    return not user.email and user.phone_verified_at is not None


def hidden(phone: str) -> str:
    """A phone as its owner recognises it and nobody learns it."""
    return f"•••• {phone[-4:]}"


def attempts(user_id: int) -> str:
    """Under what name wrong codes that confirm something are counted."""
    return f"code-to-confirm/{user_id}"


def send_to_confirm(ctx: "Context") -> User:
    """Send a code to one's own verified phone. Raises Forbidden for who signs in otherwise, TooManyRequests for very many."""
    in_person(ctx)
    user = own_user(ctx)
    if not signs_in_by_code(user):
        raise Forbidden(_("Codes are for people who sign in with their phone."))
    text = _("{code} is your code to confirm what you do at {operator}. Tell it nobody.")
    _send(ctx, user, CodePurpose.CONFIRM, user.phone, text)
    return user


def confirm(app: "App", signed_in: "SignedIn", code: str, facts: "RequestFacts") -> str:
    """The session's new token, once its person typed the code; as `sudo.confirm` with a password.

    Raises Unauthenticated for a wrong code and TooManyRequests after several.
    """
    throttle, user_id = app.part(SignInThrottle), signed_in.user.key
    with app.reading() as ctx:
        settings = ctx.settings(CoreSettings)
    throttle.admit_to(attempts(user_id), free=settings.attempts_per_account)
    with app.unit_of_work(signed_in.actor) as ctx:
        user = codes.spend(ctx, CodePurpose.CONFIRM, _token(CodePurpose.CONFIRM, user_id), code)
    if user is None:
        throttle.failed(facts.address, per_address=settings.attempts_per_address)
        raise Unauthenticated(
            _("The code is wrong, or its time is over."), remedy=_("Check it, or ask for another one.")
        )
    throttle.forget(attempts(user_id))
    with app.unit_of_work(signed_in.actor) as ctx, ctx.run("core.user.confirm"):
        ctx.note(ctx.session.get(User, user_id))
        return sessions.renew(ctx, signed_in.session_id)


def ask_to_change(ctx: "Context", number: str) -> str:
    """Send a code to the phone that one wants to use from now on; returns it in E.164.

    The caller has made sure who asks. Raises Refused (field `phone`) for a bad number, for the one in use and for people who
    sign in otherwise, Conflict when somebody of the same customer has it, TooManyRequests for very many.
    """
    in_person(ctx)
    user = own_user(ctx)
    if not signs_in_by_code(user):
        raise Refused(_("Codes are for people who sign in with their phone."), field="phone")
    customer = ctx.session.get(Customer, user.customer_id) if user.customer_id else None
    phone = check_phone(number, customer.country if customer is not None else ctx.app.config.country)
    if phone == user.phone:
        raise Refused(_("This is the phone that you have now."), field="phone")
    taken = select(col(User.id)).where(
        col(User.customer_id) == user.customer_id, col(User.phone) == phone, col(User.email).is_(None)
    )
    if ctx.session.scalar(taken.limit(1)) is not None:
        raise Conflict(
            _("Somebody of this customer has the phone {phone}.", phone=phone_text(phone)), field="phone"
        )
    text = _("{code} is your code to use this phone at {operator} from now on. Tell it nobody.")
    _send(ctx, user, CodePurpose.NEW_PHONE, phone, text)
    return phone


def waiting_phone(ctx: "Context", user: User) -> str:
    """The phone to which a code went that was not typed in yet; empty without one."""
    return codes.phone_of(ctx, CodePurpose.NEW_PHONE, _token(CodePurpose.NEW_PHONE, user.key))


def change(app: "App", signed_in: "SignedIn", code: str) -> User:
    """Use the new phone, whose code is right; the old one is told, and every other session ends.

    Raises Refused (field `code`) when the code is wrong, over or was tried too often.
    """
    token = _token(CodePurpose.NEW_PHONE, signed_in.user.key)
    with app.unit_of_work(signed_in.actor) as ctx:
        phone = codes.phone_of(ctx, CodePurpose.NEW_PHONE, token)
        found = codes.spend(ctx, CodePurpose.NEW_PHONE, token, code)
    if found is None or not phone:
        raise Refused(
            _("The code is wrong, or its time is over."),
            field="code",
            remedy=_("Check it, or ask for another one."),
        )
    with app.unit_of_work(signed_in.actor) as ctx:
        in_person(ctx)
        user = own_user(ctx)
        with ctx.run("core.user.edit_own"):
            old, user.phone, user.phone_verified_at = user.phone, phone, ctx.now()
            codes.forget(ctx, CodePurpose.SIGN_IN, user)
            sessions.end_all(ctx, user.key, but=signed_in.session_id)
            tokens.revoke_all(ctx, user.key, "phone changed")
            ctx.note(user, label=user.name, phone_changed=True)
            telling.changed(ctx, user)
            _tell(ctx, user, old)
    return user


def _tell(ctx: "Context", user: User, old: str) -> None:
    with use_locale(user.language):
        text = _(
            "{operator}: codes for your account go to {phone} from now on. If that was not you, call us at once.",
            operator=brand_of_customer(ctx, user.customer_id).name,
            phone=hidden(user.phone),
        )
    sms.queue(ctx, to=old, text=str(text), key=f"phone:{new_token()}", customer_id=user.customer_id)


def _token(purpose: CodePurpose, user_id: int) -> str:
    """Whoever is signed in carries no further token: one code for each purpose is open at a time."""
    return f"{purpose} of user {user_id}"


def _send(ctx: "Context", user: User, purpose: CodePurpose, phone: str, text: str) -> None:
    if not ctx.app.part(SignInThrottle).admit_link(f"own phone/{user.key}", ctx.actor.address):
        raise TooManyRequests(
            _("Very many codes were asked for."), remedy=_("Try again in a quarter of an hour.")
        )
    with (
        ctx.app.unit_of_work(ctx.actor, request_id=ctx.request_id) as unit,
        unit.run("core.user.ask_for_code"),
    ):
        codes.forget(unit, purpose, user)
        code = codes.make(unit, purpose, user, _token(purpose, user.key), digest(attempts(user.key)), phone)
        with use_locale(user.language):
            said = str(text).format(code=code, operator=brand_of_customer(unit, user.customer_id).name)
        sms.queue(
            unit,
            to=phone,
            text=said,
            key=f"{purpose}:{digest(new_token())}",
            customer_id=user.customer_id,
            secrets=(code,),
            useful_for=codes.LIFETIME,
        )
        unit.note(user, label=user.name)
