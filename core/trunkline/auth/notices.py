"""Mails that tell people what happened to their account, so that they notice what they did not do themselves."""

from typing import Any

from trunkline.auth.digest import new_token
from trunkline.auth.models import User, UserKind
from trunkline.branding.spoken import address_for_customer, brand_of_customer
from trunkline.mail import operations as mail
from trunkline.operation import Context


def tell(
    ctx: Context, user: User, template: str, *, to: str = "", secrets: tuple[str, ...] = (), **context: Any
) -> None:
    """Queue the mail `core/mail/<template>` to the user, or to another address of theirs. It says when, and from where.

    It speaks as the brand that they know and leads to its host. Somebody without an address gets none.
    """
    if not (to or user.email):
        return
    mail.queue(
        ctx,
        template=f"core/mail/{template}",
        to=to or user.email,
        language=user.language,
        context={
            "name": user.name,
            "operator": brand_of_customer(ctx, user.customer_id).name,
            "is_portal": user.kind == UserKind.PORTAL,
            "at": ctx.now(),
            "address": ctx.actor.address,
            "sign_in": address_for_customer(ctx, user.customer_id, "/sign-in"),
            "forgotten": address_for_customer(ctx, user.customer_id, "/forgotten-password"),
            **context,
        },
        customer_id=user.customer_id,
        key=f"notice:{user.key}:{new_token()}",
        secrets=secrets,
    )
