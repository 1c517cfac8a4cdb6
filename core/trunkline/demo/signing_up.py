"""Customers sign up: registered with their contacts, sites and tags by the operations that care uses."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlmodel import col

from trunkline.access.roles import acting_as
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers import assignment, belongings, operations
from trunkline.customers.models import Customer
from trunkline.customers.schemas import AssignCustomer, ContactData, RegisterCustomer, SiteData, TagData
from trunkline.demo.month import DemoMonth, NewCustomer
from trunkline.demo.people import SampleCustomer
from trunkline.demo.staff import colleague_in
from trunkline.operation import Context

#: Tags that some customers carry, with their colour and one customer in how many.
_TAGS = (("VIP", "purple", 25), ("Pays by bank slip", "blue", 6), ("Fidelity 12 months", "green", 5))
#: Of a month's customers the first and each so many after come by the dealer, or are the technician's to connect.
_BY_DEALER, _BY_TECHNICIAN = 15, 10


def sign_up(
    app: App, month: DemoMonth, samples: Sequence[SampleCustomer], times: Sequence[datetime]
) -> list[NewCustomer]:
    """Register the month's new customers in one unit of work; returns them in order."""
    random, arrived = month.random("customers"), []
    with app.unit_of_work() as ctx:
        dealer, technician, supervisor = (
            ctx.session.scalars(select(User).where(col(User.email) == colleague_in(role).email)).one()
            for role in ("dealer", "field_technician", "supervisor")
        )
        for place, (sample, moment) in enumerate(zip(samples, times, strict=True)):
            month.clock.move_to(moment)
            with acting_as(ctx, dealer) if place % _BY_DEALER == 0 else nullcontext():
                customer = operations.register(ctx, _facts(sample))
            _complete(ctx, customer, sample, random)
            if place % _BY_TECHNICIAN == 0:
                with acting_as(ctx, supervisor):
                    assignment.assign(ctx, customer.number, AssignCustomer(user_id=technician.key))
            arrived.append(NewCustomer(customer.key, customer.number, sample.kind, sample.lines, ctx.now()))
    return arrived


def _facts(sample: SampleCustomer) -> RegisterCustomer:
    facts = {
        "kind": sample.kind,
        "name": sample.name,
        "legal_name": sample.legal_name,
        "tax_id": sample.tax_id,
        "email": sample.email,
        "phone": sample.phone,
        "country": sample.address.country,
        "language": "pt_BR",
    }
    return RegisterCustomer.model_validate(facts)


def _complete(ctx: Context, customer: Customer, sample: SampleCustomer, random: Random) -> None:
    where = sample.address
    place = {
        "name": "Matriz" if sample.kind == "business" else "Residência",
        "street": where.street,
        "city": where.city,
        "state": where.state,
        "postal_code": where.postal_code,
        "country": where.country,
        "time_zone": "America/Sao_Paulo",
        "latitude": where.latitude,
        "longitude": where.longitude,
    }
    belongings.add_site(ctx, customer.number, SiteData.model_validate(place))
    for one in sample.contacts:
        person = {"name": one.name, "email": one.email, "phone": one.phone, "roles": list(one.roles)}
        belongings.add_contact(ctx, customer.number, ContactData.model_validate(person))
    for text, colour, one_in in _TAGS:
        if random.randrange(one_in) == 0:
            today = ctx.now().date()
            until = today + timedelta(days=365) if "12" in text else None
            tag = {"text": text, "colour": colour, "from_date": today if until else None, "to_date": until}
            belongings.add_tag(ctx, customer.number, TagData.model_validate(tag))
