"""REST: second factors of colleagues, roles that demand one, and letting somebody in again."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from trunkline.auth import queries as users
from trunkline.auth.second_factor import operations, queries, releasing
from trunkline.operation import Context
from trunkline.rest.routing import RestRoutes

rest = RestRoutes("/users/{user_id}", "users")
roles = RestRoutes("/roles/{name}/second-factor", "roles")


class FactorsOut(BaseModel):
    """What somebody proves themselves with beside the password. `required_by` are labels of the roles that demand it.

    `waits_until` says until when they cannot try to sign in, after too many failures.
    """

    user: int
    app_since: datetime | None
    passkeys: int
    backup_codes_left: int
    required_by: list[str]
    waits_until: datetime | None


class DemandFactor(BaseModel):
    """Whether everybody with the role needs a second factor."""

    model_config = ConfigDict(extra="forbid")

    required: bool


class DemandedOut(BaseModel):
    """What a role demands, and how many of its people have no second factor yet."""

    role: str
    required: bool
    people_without: int


@rest.get("/second-factor", permission="core.user.view")
def factors(ctx: Context, user_id: int) -> FactorsOut:
    """A user's second factors, and whether they have to wait before they can sign in."""
    return _factors(ctx, user_id)


@rest.post("/second-factor/reset", permission="core.second_factor.delete", status=200, sudo=True)
def reset(ctx: Context, user_id: int) -> FactorsOut:
    """Take every second factor from somebody who lost theirs; their sessions and tokens end, and they are told."""
    return _factors(ctx, operations.reset(ctx, user_id).key)


# Opens its own units of work: what counts attempts may lie elsewhere.
@rest.post("/sign-in/release", permission="core.sign_in.release", status=200, reads=True)
def release(ctx: Context, user_id: int) -> FactorsOut:
    """Let somebody try to sign in again at once, after too many failures."""
    return _factors(ctx, releasing.release(ctx.app, ctx.actor, user_id).key)


@roles.patch("", permission="core.second_factor.configure", sudo=True)
def require_of_role(ctx: Context, name: str, command: DemandFactor) -> DemandedOut:
    """Demand a second factor of everybody with a role, or leave it to them. Whoever has none is signed out."""
    role = operations.require_of_role(ctx, name, command.required)
    return DemandedOut(
        role=role.name,
        required=role.requires_second_factor,
        people_without=len(queries.people_without(ctx, role.key)),
    )


def _factors(ctx: Context, user_id: int) -> FactorsOut:
    user = users.user(ctx, user_id)
    found = queries.factors_of(ctx, user.key)
    return FactorsOut(
        user=user.key,
        app_since=found.app_since,
        passkeys=len(found.passkeys),
        backup_codes_left=found.codes_left,
        required_by=[str(label) for label in found.required_by],
        waits_until=releasing.waits_until(ctx, user),
    )
