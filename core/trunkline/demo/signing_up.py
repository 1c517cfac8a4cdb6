"""Customers sign up: registered with their contacts, sites and tags by the operations that care uses."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from trunkline.app import App
from trunkline.customers import belongings, operations
from trunkline.customers.schemas import ContactData, RegisterCustomer, SiteData, TagData
from trunkline.demo.month import DemoMonth, NewCustomer
from trunkline.demo.people import SampleCustomer
from trunkline.operation import Context

#: Tags that some customers carry, with their colour and one customer in how many.
_TAGS = (("VIP", "purple", 25), ("Pays by bank slip", "blue", 6), ("Fidelity 12 months", "green", 5))


def sign_up(
    app: App, month: DemoMonth, samples: Sequence[SampleCustomer], times: Sequence[datetime]
) -> list[NewCustomer]:
    """Register the month's new customers in one unit of work; returns them in order."""
    random, arrived = month.random("customers"), []
    with app.unit_of_work() as ctx:
        for sample, moment in zip(samples, times, strict=True):
            month.clock.move_to(moment)
            arrived.append(_register(ctx, sample, random))
    return arrived


def _register(ctx: Context, sample: SampleCustomer, random: Random) -> NewCustomer:
    where = sample.address
    facts = {
        "kind": sample.kind,
        "name": sample.name,
        "legal_name": sample.legal_name,
        "tax_id": sample.tax_id,
        "email": sample.email,
        "phone": sample.phone,
        "country": where.country,
        "language": "pt_BR",
    }
    customer = operations.register(ctx, RegisterCustomer.model_validate(facts))
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
    return NewCustomer(customer.key, customer.number, sample.kind, sample.lines, ctx.now())
