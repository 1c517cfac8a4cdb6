"""A reseller of the sample operator: a brand with the second theme, some customers, and somebody who looks after them."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.access import operations as access
from trunkline.access.models import RowScope
from trunkline.access.queries import grants_of
from trunkline.access.schemas import CreateRole, EditRole, RowFacts
from trunkline.app import App
from trunkline.auth.operations import create_staff_user
from trunkline.branding import operations as brands
from trunkline.branding.schemas import BrandFields
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.demo.staff import PASSWORD
from trunkline.operation import Context
from trunkline.resellers import operations as resellers
from trunkline.resellers.schemas import CreateReseller

CODE, NAME = "serra", "Serra Telecom"
#: Browsers find names below `localhost` on their own machine (RFC 6761, 6.3).
HOST = "serra.localhost"
ROLE, EMAIL = "serra_care", "care@serratelecom.example"
#: One of so many customers is the reseller's.
_ONE_IN, _AT_LEAST = 20, 3


def open_reseller(app: App) -> None:
    """Make the reseller, its brand under a host name of its own, its customers and its member of staff."""
    with app.unit_of_work() as ctx:
        reseller = resellers.create(ctx, CreateReseller(code=CODE, name=NAME))
        brands.create(
            ctx,
            BrandFields(
                name=NAME,
                reseller=CODE,
                host=HOST,
                theme="araucaria",
                greeting="A serra conectada.",
                support="Serra Telecom · 0800 000 0000",
            ),
        )
        for number in _customers(ctx):
            resellers.give_customer(ctx, reseller.key, number)
        _make_role(ctx)
    made = create_staff_user(app, EMAIL, ROLE, PASSWORD, name="Marta Gasperin")
    with app.unit_of_work() as ctx:
        access.set_row_facts(ctx, made.id, RowFacts(reseller=CODE))


def _customers(ctx: Context) -> list[str]:
    active = list(
        ctx.session.scalars(
            select(col(Customer.number))
            .where(col(Customer.status) == CustomerStatus.ACTIVE, col(Customer.reseller_id).is_(None))
            .order_by(col(Customer.id))
        )
    )
    return active[:: max(1, min(_ONE_IN, len(active) // _AT_LEAST))]


def _make_role(ctx: Context) -> None:
    """What customer care may do, but only for the reseller's customers."""
    label, purpose = f"{NAME}: customer care", "Sees the reseller's customers only."
    wanted = CreateRole(
        name=ROLE, label=label, description=purpose, audience="staff", copy_of="customer_care"
    )
    role = access.create_role(ctx, wanted)
    permissions = sorted(grants_of(ctx, role.key))
    changed = EditRole(label=label, description=purpose, permissions=permissions, row_scope=RowScope.RESELLER)
    access.edit_role(ctx, ROLE, changed)
