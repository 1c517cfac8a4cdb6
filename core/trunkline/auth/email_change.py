"""Changing the address that somebody signs in with: it counts once the new one is proved, and the old one can take it back.

OWASP ASVS 5, 6.3.7 (people are told of changes) and 6.4.4: whoever holds a stolen session must not be able to move the account.
"""

from sqlalchemy.exc import IntegrityError

from trunkline.access.roles import acting_as
from trunkline.auth import links, notices, own_account, queries, sessions, telling, tokens
from trunkline.auth.impersonation.limits import in_person
from trunkline.auth.models import LinkPurpose, User
from trunkline.auth.operations import mail_link
from trunkline.errors import Refused
from trunkline.i18n import gettext
from trunkline.operation import Context

_ = gettext


def ask(ctx: Context, email: str) -> User:
    """Ask for another address for oneself: a link goes to the new one, a notice to the old one.

    The answer is the same when somebody else has the address; then that somebody is told. Raises Refused (field `email`) for the
    present address, and for people whose account a directory keeps.
    """
    in_person(ctx)
    user = own_account.own_user(ctx)
    own_account.check_kept_here(ctx, user)
    if email == user.email:
        raise Refused(_("This is your address already."), field="email")
    with ctx.run("core.user.ask_email"):
        user.pending_email = email
        ctx.note(user, label=user.email, asked_for=email)
        holder = queries.by_email(ctx, email)
        if holder is None:
            token = links.make(ctx, user, LinkPurpose.NEW_EMAIL, email)
            link = links.address_of(ctx, token, LinkPurpose.NEW_EMAIL, user=user)
            notices.tell(ctx, user, "new_email", to=email, link=link, secrets=(token,))
        else:
            links.forget(ctx, user, LinkPurpose.NEW_EMAIL)
            notices.tell(ctx, holder, "email_taken")
        _tell_old(ctx, user, "email_asked", new=email)
    return user


def withdraw(ctx: Context) -> User:
    """Stay with the present address; the link that was mailed stops working."""
    in_person(ctx)
    user = own_account.own_user(ctx)
    with ctx.run("core.user.keep_email"):
        user.pending_email = None
        links.forget(ctx, user, LinkPurpose.NEW_EMAIL)
        ctx.note(user, label=user.email)
    return user


def confirm(ctx: Context, token: str) -> User:
    """Make the proved address the one that counts, and tell the old one.

    Raises Refused when the link does not work any more, or somebody else has the address by now.
    """
    found = _open(ctx, token, LinkPurpose.NEW_EMAIL)
    user, old = found.user, found.user.email
    with acting_as(ctx, user), ctx.run("core.user.change_email"):
        ctx.note(user, label=old, before=old, after=found.link.email)
        found.link.used_at = ctx.now()
        _tell_old(ctx, user, "email_changed", new=found.link.email)
        links.forget(ctx, user, LinkPurpose.PASSWORD_RESET)
        user.pending_email = None
        _move(ctx, user, found.link.email)
        telling.changed(ctx, user)
    return user


def take_back(ctx: Context, token: str) -> User:
    """The holder of the old address objects: it counts again, every session and token ends, and a link to set a new password
    goes there.

    Raises Refused when the link does not work any more, or the address belongs to somebody else by now.
    """
    found = _open(ctx, token, LinkPurpose.KEEP_EMAIL)
    user = found.user
    with acting_as(ctx, user), ctx.run("core.user.take_back_email"):
        ctx.note(user, label=found.link.email, before=user.email, after=found.link.email)
        found.link.used_at = ctx.now()
        user.pending_email = None
        links.forget(ctx, user, LinkPurpose.NEW_EMAIL, LinkPurpose.PASSWORD_RESET)
        _move(ctx, user, found.link.email)
        telling.changed(ctx, user)
        sessions.end_all(ctx, user.key)
        tokens.revoke_all(ctx, user.key, "change of address taken back")
        mail_link(ctx, user, LinkPurpose.PASSWORD_RESET)
    return user


def find(ctx: Context, token: str, purpose: LinkPurpose) -> links.OpenLink | None:
    """The link of this secret, if it still works."""
    return links.find(ctx.session, token, ctx.now(), purposes=(purpose,))


def _open(ctx: Context, token: str, purpose: LinkPurpose) -> links.OpenLink:
    found = links.find(ctx.session, token, ctx.now(), lock=True, purposes=(purpose,))
    if found is None:
        raise Refused(
            _("This link was used already, or its time is over."),
            remedy=_("Ask for the change once more on your account's page."),
        )
    return found


def _move(ctx: Context, user: User, email: str) -> None:
    taken = Refused(
        _("Somebody else signs in with {email} by now.", email=email), remedy=_("Ask an administrator.")
    )
    holder = queries.by_email(ctx, email)
    if holder is not None and holder.key != user.key:
        raise taken
    user.email = email
    try:
        ctx.session.flush()
    except IntegrityError as error:
        raise taken from error


def _tell_old(ctx: Context, user: User, template: str, *, new: str) -> None:
    if not user.email:
        return
    token = links.make(ctx, user, LinkPurpose.KEEP_EMAIL, user.email)
    link = links.address_of(ctx, token, LinkPurpose.KEEP_EMAIL, user=user)
    notices.tell(ctx, user, template, link=link, new=new, secrets=(token,))
