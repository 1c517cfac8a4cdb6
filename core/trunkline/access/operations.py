"""What changes roles and who holds them. Nobody can give what they do not hold themselves."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, func, select
from sqlmodel import col

from trunkline.access import queries
from trunkline.access.events import RoleChanged, RoleCreated, RoleDeleted
from trunkline.access.models import Role, RoleGrant, RowScope, UserRole
from trunkline.access.roles import ADMINISTRATOR, permissions_of
from trunkline.access.schemas import CreateRole, EditRole, RowFacts
from trunkline.auth import telling
from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.customers.models import Reseller
from trunkline.errors import Conflict, Forbidden, Refused
from trunkline.i18n import gettext
from trunkline.operation import Context, operation

_ = gettext


@operation("core.role.create")
def create_role(ctx: Context, command: CreateRole) -> Role:
    """Make a role, empty or with the permissions of another one.

    Raises Conflict for a name that is taken, Forbidden when the copied role grants what the actor does not
    hold.
    """
    if ctx.session.scalar(select(col(Role.id)).where(col(Role.name) == command.name)) is not None:
        raise Conflict(_("There is a role “{name}” already.", name=command.name), field="name")
    role = Role(
        name=command.name,
        label=command.label,
        description=command.description,
        audience=command.audience,
    )
    ctx.session.add(role)
    ctx.session.flush()
    if command.copy_of:
        original = queries.roles_by_name(ctx, [command.copy_of])[0]
        if original.audience != role.audience:
            raise Refused(_("That role is for other people."), field="copy_of")
        _set_grants(ctx, role, queries.grants_of(ctx, original.key))
        role.row_scope = original.row_scope
    ctx.note(role, label=role.name)
    ctx.emit(RoleCreated(entity_id=role.key, role=role.name))
    return role


@operation("core.role.edit")
def edit_role(ctx: Context, name: str, command: EditRole) -> Role:
    """Change what a role is called and grants.

    Raises Refused for administrators (who hold everything) and for a permission that no enabled plugin
    declares or that belongs to the other audience, Forbidden for one that the actor does not hold, Conflict
    when the role was changed since.
    """
    role = ctx.load_by(Role, Role.name, name, version=command.version, lock=True)
    if role.name == ADMINISTRATOR:
        raise Refused(
            _("Administrators hold every permission; there is nothing to change."),
            remedy=_("Make a role of your own instead."),
        )
    if not role.is_builtin:
        role.label, role.description = command.label, command.description
    if command.row_scope is not None and command.row_scope != role.row_scope:
        _set_row_scope(ctx, role, command.row_scope)
    given, taken = _set_grants(ctx, role, command.permissions)
    if given or taken:
        role.updated_at = ctx.now()
    granted, withdrawn = sorted(given), sorted(taken)
    ctx.note(role, label=role.name, granted=granted, withdrawn=withdrawn)
    ctx.emit(
        RoleChanged(entity_id=role.key, role=role.name, granted=tuple(granted), withdrawn=tuple(withdrawn))
    )
    return role


def _set_row_scope(ctx: Context, role: Role, row_scope: RowScope) -> None:
    if role.audience != "staff":
        raise Refused(_("Customers' people see their own customer."), field="row_scope")
    if ctx.actor.scope.is_limited:
        raise Forbidden(
            _("You see only some customers, so you cannot say whose customers a role shows."),
            field="row_scope",
            remedy=_("Ask an administrator."),
        )
    role.row_scope = row_scope


@operation("core.user.edit")
def set_row_facts(ctx: Context, user_id: int, command: RowFacts) -> User:
    """Say by which reseller and tags a member of staff sees customers, where their roles ask for these.

    Raises Refused (field `reseller`) for one that does not exist, Forbidden for who holds more than the actor or when the actor
    sees only some customers, Conflict when the user was changed since.
    """
    user = ctx.load(User, user_id, version=command.version, lock=True)
    check_may_manage(ctx, user)
    if user.kind == UserKind.PORTAL:
        raise Refused(_("Customers' people see their own customer."))
    if ctx.actor.scope.is_limited:
        raise Forbidden(
            _("You see only some customers, so you cannot say which ones others see."),
            remedy=_("Ask an administrator."),
        )
    reseller = None
    if command.reseller:
        reseller = ctx.session.scalars(select(Reseller).where(col(Reseller.code) == command.reseller)).first()
        if reseller is None:
            raise Refused(_("There is no reseller “{code}”.", code=command.reseller), field="reseller")
    user.reseller_id = reseller.key if reseller is not None else None
    user.scope_tags = command.tag_list
    ctx.note(user, label=user.email)
    telling.changed(ctx, user)
    return user


@operation("core.role.delete")
def delete_role(ctx: Context, name: str) -> None:
    """Remove a role of the operator's own. Raises Refused for a built-in one and for one that somebody holds."""
    role = ctx.load_by(Role, Role.name, name, lock=True)
    if role.is_builtin:
        raise Refused(
            _("Built-in roles stay."), remedy=_("Take its permissions away if nobody should hold them.")
        )
    holders = ctx.session.scalar(
        select(func.count()).select_from(UserRole).where(col(UserRole.role_id) == role.key)
    )
    if holders:
        raise Refused(_("{n} people hold this role.", n=holders), remedy=_("Give them other roles first."))
    ctx.note(role, label=role.name)
    ctx.emit(RoleDeleted(entity_id=role.key, role=role.name))
    ctx.session.delete(role)


def _set_grants(ctx: Context, role: Role, wanted: Iterable[str]) -> tuple[set[str], set[str]]:
    """Make the role grant exactly `wanted` among the permissions of enabled plugins; those of others stay as
    they are.
    """
    asked = set(wanted)
    _check_permissions(ctx, role, asked)
    rows = {
        row.permission: row
        for row in ctx.session.scalars(select(RoleGrant).where(col(RoleGrant.role_id) == role.key))
    }
    had = {name for name, row in rows.items() if row.granted}
    given, taken = asked - had, {name for name in had - asked if name in ctx.app.permissions}
    _check_held(ctx, given | taken)
    for name in given:
        row = rows.get(name)
        if row is None:
            ctx.session.add(RoleGrant(role_id=role.key, permission=name))
        else:
            row.granted = True
    for name in taken:
        rows[name].granted = False
    ctx.session.flush()
    return given, taken


def _check_permissions(ctx: Context, role: Role, asked: set[str]) -> None:
    for name in sorted(asked):
        declared = ctx.app.permissions.get(name)
        if declared is None:
            raise Refused(
                _("No enabled plugin declares the permission “{name}”.", name=name),
                field="permissions",
                remedy=_("Reload the page; the plugin may have been disabled meanwhile."),
            )
        if declared.audience != role.audience:
            raise Refused(
                _("The permission “{name}” is not for this kind of role.", name=name), field="permissions"
            )


def _check_held(ctx: Context, names: set[str]) -> None:
    """Portal permissions are nobody's own among staff; whoever may edit roles may give them."""
    held = _given_away(ctx)
    for name in sorted(names):
        if ctx.app.permissions[name].audience == "staff" and held is not None and name not in held:
            raise Forbidden(
                _("You cannot give or take a permission that you do not hold: {name}.", name=name),
                field="permissions",
                remedy=_("Ask an administrator."),
            )


def set_roles(ctx: Context, user: User, names: Sequence[str]) -> None:
    """Make a user hold exactly these roles; part of the operations on users, which ask for the permission.

    Raises Refused for an unknown role, for a role of the other audience and when no active administrator
    would be left, Forbidden for a role that grants more than the actor holds.
    """
    roles = queries.roles_by_name(ctx, names)
    if not roles:
        raise Refused(_("Choose at least one role."), field="roles")
    audience = "portal" if user.kind == UserKind.PORTAL else "staff"
    for role in roles:
        if role.audience != audience:
            raise Refused(_("The role “{name}” is not for this kind of user.", name=role.name), field="roles")
    before = {role.key: role for role in queries.roles_of(ctx, user.key)}
    after = {role.key: role for role in roles}
    for key in before.keys() ^ after.keys():
        _check_may_give(ctx, before.get(key) or after[key])
    if ADMINISTRATOR in {role.name for role in before.values()} - {role.name for role in roles}:
        check_administrator_remains(ctx, without=user)
    ctx.session.execute(
        delete(UserRole).where(
            col(UserRole.user_id) == user.key, col(UserRole.role_id).in_(before.keys() - after.keys())
        )
    )
    ctx.session.add_all(UserRole(user_id=user.key, role_id=key) for key in after.keys() - before.keys())
    ctx.session.flush()
    if before.keys() != after.keys():
        ctx.note(
            user,
            label=user.email,
            roles=[
                sorted(role.name for role in before.values()),
                sorted(role.name for role in after.values()),
            ],
        )


def _given_away(ctx: Context) -> frozenset[str] | None:
    """What the actor may pass on, None meaning all: what their roles grant, for emergency access gives nothing away."""
    if ctx.actor.break_glass is None or ctx.actor.id is None:
        return ctx.actor.permissions
    return permissions_of(ctx.session, ctx.actor.id)


def _check_may_give(ctx: Context, role: Role) -> None:
    held = _given_away(ctx)
    if role.audience == "portal":
        return
    if ctx.actor.scope.is_limited and role.row_scope == RowScope.ALL:
        raise Forbidden(
            _("You cannot give or take the role “{label}”: it shows more than you see.", label=role.label),
            field="roles",
            remedy=_("Ask an administrator."),
        )
    if held is None:
        return
    if role.name == ADMINISTRATOR or not queries.grants_of(ctx, role.key) <= held:
        raise Forbidden(
            _("You cannot give or take the role “{label}”: it grants more than you hold.", label=role.label),
            field="roles",
            remedy=_("Ask an administrator."),
        )


def check_may_manage(ctx: Context, user: User) -> None:
    """Raise Forbidden unless the actor holds all that `user` holds: nobody mails themselves a superior's
    password link.
    """
    held = _given_away(ctx)
    if held is None or user.kind == UserKind.PORTAL:
        return
    for role in queries.roles_of(ctx, user.key):
        if role.name == ADMINISTRATOR or not queries.grants_of(ctx, role.key) <= held:
            raise Forbidden(
                _(
                    "{name} holds the role “{label}”, which grants more than you hold.",
                    name=user.name,
                    label=role.label,
                ),
                remedy=_("Ask an administrator."),
            )


def check_administrator_remains(ctx: Context, *, without: User) -> None:
    """Raise Refused (field `roles`) when `without` is the last active administrator. Locks the role, so that
    two cannot go at once.
    """
    role = ctx.session.scalars(select(Role).where(col(Role.name) == ADMINISTRATOR).with_for_update()).one()
    others = ctx.session.scalar(
        select(func.count())
        .select_from(UserRole)
        .join(User, col(User.id) == col(UserRole.user_id))
        .where(
            col(UserRole.role_id) == role.key,
            col(User.status) == UserStatus.ACTIVE,
            # A program can look after nobody.
            col(User.kind) == UserKind.STAFF,
            col(User.id) != without.key,
        )
    )
    if not others:
        raise Refused(
            _("{name} is the last administrator who can sign in.", name=without.name),
            field="roles",
            remedy=_("Make somebody else an administrator first."),
        )
