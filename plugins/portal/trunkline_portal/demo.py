"""Two customers of the sample operator who use the portal, and one who has not opened the invitation yet."""

from sqlmodel import col, select

from trunkline.app import App
from trunkline.auth import links
from trunkline.auth.models import LinkPurpose
from trunkline.customers import queries as customers
from trunkline.customers.models import Customer, CustomerKind
from trunkline.demo.staff import PASSWORD
from trunkline.operation import Context
from trunkline_catalog import queries as catalog
from trunkline_portal import operations
from trunkline_portal.schemas import InviteToPortal

#: Services that make a customer's pages worth looking at.
_LIVELY = 2


def leave_invitations(app: App) -> None:
    """Invite a company, a person and one more; the first two have chosen their password."""
    with app.unit_of_work() as ctx:
        company = _lively(ctx, CustomerKind.BUSINESS)[0]
        people = _lively(ctx, CustomerKind.INDIVIDUAL)
        for customer in (company, *people[:2]):
            name, email = _person(ctx, customer)
            command = InviteToPortal(email=email, name=name, language="pt_BR")
            user = operations.invite(ctx, customer.number, command)
            if customer is not people[-1]:
                links.spend(ctx, links.make(ctx, user, LinkPurpose.INVITATION), PASSWORD)


def _person(ctx: Context, customer: Customer) -> tuple[str, str]:
    """Name and address of who signs in for a customer: the owner of a company, else the person themselves."""
    for contact in customers.contacts_of(ctx, customer.key):
        if "owner" in contact.roles:
            return contact.name, contact.email
    return customer.name, customer.email


def _lively(ctx: Context, kind: CustomerKind) -> list[Customer]:
    """The first customers of a kind who have several services, or any at all in a small sample; two at most."""
    statement = select(Customer).where(col(Customer.kind) == kind).order_by(col(Customer.id)).limit(40)
    found = ctx.session.scalars(statement).all()
    lively = [one for one in found if len(catalog.services_of(ctx, one.key)) >= _LIVELY]
    return (lively + [one for one in found if one not in lively])[:2]
