"""Accounts of programs: made, changed, disabled, and given keys. No password or link ever leads into one."""

from trunkline.access.operations import check_may_manage, set_roles
from trunkline.access.roles import permissions_of
from trunkline.auth import api_keys, telling, tokens
from trunkline.auth import queries as users
from trunkline.auth.models import ApiKey, User, UserKind, UserStatus
from trunkline.auth.schemas import CreateApiKey
from trunkline.auth.service_accounts.queries import DOMAIN, account
from trunkline.auth.service_accounts.schemas import CreateServiceAccount, EditServiceAccount
from trunkline.errors import Conflict, Forbidden, NotFound, Refused
from trunkline.i18n import gettext
from trunkline.operation import Context, operation

_ = gettext


@operation("core.service_account.create")
def create(ctx: Context, command: CreateServiceAccount) -> User:
    """Make a service account; it can do nothing until it has a key.

    Raises Conflict (field `code`) for a code that is taken, Refused or Forbidden for roles; see `set_roles`.
    """
    address = f"{command.code}@{DOMAIN}"
    if users.by_email(ctx, address) is not None:
        raise Conflict(
            _("There is a service account “{code}” already.", code=command.code),
            field="code",
            remedy=_("Choose another word."),
        )
    user = User(
        email=address,
        name=command.name,
        kind=UserKind.SERVICE,
        status=UserStatus.ACTIVE,
        language=ctx.app.config.language,
    )
    ctx.session.add(user)
    ctx.session.flush()
    set_roles(ctx, user, command.roles)
    ctx.note(user, label=command.code)
    telling.created(ctx, user)
    return user


@operation("core.service_account.edit")
def edit(ctx: Context, account_id: int, command: EditServiceAccount) -> User:
    """Change name and roles; keys do what the new roles allow from the next request on. Raises as `edit_user`."""
    user = account(ctx, account_id, version=command.version, lock=True)
    check_may_manage(ctx, user)
    user.name = command.name
    set_roles(ctx, user, command.roles)
    # Roles live in a table of their own; the form's version must notice them all the same.
    user.updated_at = ctx.now()
    ctx.note(user, label=user.email)
    telling.changed(ctx, user)
    return user


@operation("core.service_account.disable")
def disable(ctx: Context, account_id: int) -> User:
    """Stop every key of the account at once; enabled again, they work again."""
    user = account(ctx, account_id, lock=True)
    check_may_manage(ctx, user)
    if user.key == ctx.actor.id:
        raise Refused(_("You cannot disable yourself."), remedy=_("Ask an administrator."))
    user.status = UserStatus.DISABLED
    tokens.revoke_all(ctx, user.key, "user disabled")
    ctx.note(user, label=user.email)
    telling.disabled(ctx, user)
    return user


@operation("core.service_account.disable")
def enable(ctx: Context, account_id: int) -> User:
    """Let the account's keys work again, those that were not revoked and are not over."""
    user = account(ctx, account_id, lock=True)
    check_may_manage(ctx, user)
    user.status = UserStatus.ACTIVE
    ctx.note(user, label=user.email)
    telling.enabled(ctx, user)
    return user


@operation("core.service_account.edit")
def create_key(ctx: Context, account_id: int, command: CreateApiKey) -> tuple[ApiKey, str]:
    """Make a key for a service account; returns the row and the key, which is never shown again.

    Raises Forbidden (field `permissions`) for a permission that the account does not hold, and when it holds more than the
    actor: a key is as good as its account.
    """
    user = account(ctx, account_id, lock=True)
    check_may_manage(ctx, user)
    held = permissions_of(ctx.session, user.key)
    for name in command.permissions:
        if name not in ctx.app.permissions or (held is not None and name not in held):
            raise Forbidden(
                _("{name} does not hold the permission {permission}.", name=user.name, permission=name),
                field="permissions",
                remedy=_("Give the account a role that has it first."),
            )
    return api_keys.make(ctx, user, command)


@operation("core.service_account.edit")
def revoke_key(ctx: Context, account_id: int, key_id: int) -> ApiKey:
    """Make a key of a service account stop working at once. Raises NotFound for a key of somebody else."""
    user = account(ctx, account_id)
    check_may_manage(ctx, user)
    key = ctx.session.get(ApiKey, key_id, with_for_update=True)
    if key is None or key.user_id != user.key:
        raise NotFound(_("There is no API key {id} of this account.", id=key_id))
    key.revoked_at = key.revoked_at or ctx.now()
    ctx.note(key, label=key.name)
    telling.key_revoked(ctx, key)
    return key
