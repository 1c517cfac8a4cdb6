"""What staff do for people without e-mail: add them, and prove that the phone is theirs."""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.operations import set_roles
from trunkline.auth import telling
from trunkline.auth.code_sign_in import codes
from trunkline.auth.code_sign_in.models import CodePurpose
from trunkline.auth.code_sign_in.schemas import AddByPhone
from trunkline.auth.digest import digest, new_token
from trunkline.auth.events import UserInvited
from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.branding.spoken import brand_of_customer
from trunkline.customers.identity import check_phone
from trunkline.customers.models import Customer
from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext, use_locale
from trunkline.operation import Context, operation
from trunkline.sms import operations as sms
from trunkline.web.writing import phone_text

if TYPE_CHECKING:
    from trunkline.app import App
    from trunkline.operation import Actor

_ = gettext


@operation("core.portal_user.invite")
def add_by_phone(ctx: Context, customer_id: int, command: AddByPhone) -> User:
    """Let somebody of a customer sign in by codes to a phone, once the phone is verified; a code for that is on its way.

    Raises Refused when the customer has no tax id to sign in with (and for a bad phone or role), Conflict (field `phone`) when
    somebody of the customer has it already.
    """
    customer = ctx.load(Customer, customer_id)
    if not customer.tax_id:
        raise Refused(
            _("{customer} has no tax id, which is what they would sign in with.", customer=customer.name),
            remedy=_("Record it first."),
        )
    phone = check_phone(command.phone, customer.country)
    taken = select(User).where(
        col(User.customer_id) == customer.key, col(User.phone) == phone, col(User.email).is_(None)
    )
    if ctx.session.scalars(taken).first() is not None:
        raise Conflict(
            _("Somebody of this customer has the phone {phone}.", phone=phone_text(phone)), field="phone"
        )
    user = User(
        email="",
        name=command.name,
        kind=UserKind.PORTAL,
        customer_id=customer.key,
        language=command.language,
        phone=phone,
    )
    ctx.session.add(user)
    ctx.session.flush()
    set_roles(ctx, user, command.roles)
    ctx.note(user, label=user.name, customer=customer.number)
    ctx.emit(UserInvited(**telling.facts_of(user)))
    _send(ctx, user)
    return user


@operation("core.portal_user.invite")
def send_phone_code(ctx: Context, user_id: int) -> User:
    """Send another code to a phone that is not verified; the one before stops working. Raises Refused when it is verified."""
    user = ctx.load(User, user_id, lock=True)
    _check_waits(user)
    ctx.note(user, label=user.name)
    _send(ctx, user)
    return user


def verify_phone(
    app: "App", actor: "Actor", user_id: int, code: str, *, permission: str = "core.portal_user.invite"
) -> None:
    """Prove by the code that the person reads out that the phone is theirs: it counts, and they may sign in unless disabled.

    Raises Forbidden without `permission`, Refused (field `code`) when the code is wrong, over or was tried too often. Opens its
    own units of work, so that the try stays counted.
    """
    with app.unit_of_work(actor) as ctx:
        ctx.require(permission)
        found = codes.spend(ctx, CodePurpose.VERIFY_PHONE, _token_of(ctx.load(User, user_id)), code)
    if found is None:
        raise Refused(
            _("The code is wrong, or its time is over."),
            field="code",
            remedy=_("Ask the person to read it out again, or send another one."),
        )
    with app.unit_of_work(actor) as ctx, ctx.run(permission):
        user = ctx.load(User, user_id, lock=True)
        _check_waits(user)
        user.phone_verified_at = ctx.now()
        if user.status == UserStatus.INVITED:
            user.status = UserStatus.ACTIVE
        ctx.note(user, label=user.name, phone_verified=True)
        telling.changed(ctx, user)


def _check_waits(user: User) -> None:
    if user.kind != UserKind.PORTAL or user.email or not user.phone:
        raise Refused(_("{name} signs in with an e-mail address.", name=user.name))
    if user.phone_verified_at is not None:
        raise Refused(_("The phone of {name} is verified.", name=user.name))


def _token_of(user: User) -> str:
    """Staff carry no token: one code for each phone of a user is open at a time."""
    return f"phone of user {user.key}: {user.phone}"


def _send(ctx: Context, user: User) -> None:
    codes.forget(ctx, CodePurpose.VERIFY_PHONE, user)
    code = codes.make(ctx, CodePurpose.VERIFY_PHONE, user, _token_of(user))
    operator = brand_of_customer(ctx, user.customer_id).name
    with use_locale(user.language):
        text = str(
            _("{operator}: read {code} out to confirm that this is your phone.", operator=operator, code=code)
        )
    sms.queue(
        ctx,
        to=user.phone,
        text=text,
        key=f"verify:{digest(new_token())}",
        customer_id=user.customer_id,
        secrets=(code,),
        useful_for=codes.LIFETIME,
    )
