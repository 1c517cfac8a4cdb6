"""Who works at the sample operator: one person for each built-in role."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.models import Role, UserRole
from trunkline.app import App
from trunkline.auth.models import User, UserKind, UserStatus
from trunkline.auth.operations import create_staff_user
from trunkline.operation import Context

#: Everybody's password at the sample operator, printed and in the README: it guards invented people only.
PASSWORD = "araucaria-violeta-77"  # noqa: S105 — public on purpose
_DOMAIN = "conectasul.example"


@dataclass(frozen=True)
class Colleague:
    """A member of staff by role."""

    role: str
    name: str
    address: str

    @property
    def email(self) -> str:
        return f"{self.address}@{_DOMAIN}"


STAFF = (
    Colleague("administrator", "Helena Vargas", "admin"),
    Colleague("supervisor", "Rodrigo Becker", "supervisor"),
    Colleague("customer_care", "Juliana Martins", "care"),
    Colleague("care_reader", "Bruna Teles", "trainee"),
    Colleague("cashier", "Otávio Nunes", "cashier"),
    Colleague("accountant", "Letícia Fontana", "accountant"),
    Colleague("provisioning_engineer", "Thiago Hoffmann", "engineer"),
    Colleague("field_technician", "Everton Kuhn", "technician"),
    Colleague("product_manager", "Camila Rossi", "products"),
    Colleague("warehouse", "Leandro Dutra", "warehouse"),
    Colleague("dealer", "Patrícia Lemos", "dealer"),
    Colleague("pbx_administrator", "Fábio Dornelles", "pbx"),
    Colleague("duty_officer", "Vanessa Schmitt", "duty"),
    Colleague("auditor", "Simone Azevedo", "auditor"),
)


def colleague_in(role: str) -> Colleague:
    """Who has this built-in role."""
    return next(one for one in STAFF if one.role == role)


def hire(app: App) -> None:
    """Add everybody of `STAFF`, able to sign in at once."""
    for one in STAFF:
        create_staff_user(app, one.email, one.role, PASSWORD, name=one.name)


@dataclass(frozen=True)
class SignIn:
    """One line of what the demo prints."""

    email: str
    role: str
    password: str = PASSWORD


def sign_ins(ctx: Context) -> list[SignIn]:
    """Everybody who can sign in with the sample password: staff in the order of `STAFF`, a reseller's, then customers."""
    statement = (
        select(col(User.email), col(User.kind), col(Role.name))
        .join(UserRole, col(UserRole.user_id) == col(User.id))
        .join(Role, col(Role.id) == col(UserRole.role_id))
        .where(col(User.status) == UserStatus.ACTIVE)
        .order_by(col(User.id))
    )
    rows = ctx.session.execute(statement).all()
    staff = {email: SignIn(email, role) for email, kind, role in rows if kind == UserKind.STAFF}
    portal = [SignIn(email, role) for email, kind, role in rows if kind == UserKind.PORTAL]
    own = [staff.pop(one.email) for one in STAFF if one.email in staff]
    return [*own, *staff.values(), *portal]
