"""Reading customers. Lists and overviews select columns; single rows come as objects."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlmodel import col

from trunkline.activity.models import ActivityEntry
from trunkline.auth.models import User
from trunkline.customers.models import (
    Contact,
    Customer,
    CustomerAttribute,
    CustomerStatus,
    CustomerTag,
    Reseller,
    Site,
)
from trunkline.db.distinct import each_value
from trunkline.db.prepared import Found, Prepared, columns
from trunkline.errors import Conflict, NotFound
from trunkline.i18n import gettext as _
from trunkline.operation import Context

B = TypeVar("B", Site, Contact, CustomerTag, CustomerAttribute)


def _of_customer(model: Any, names: str, *order: str) -> Prepared:
    """Columns of what belongs to the customer `:customer_id`."""
    all_columns = columns(model)
    return Prepared(
        select(*(all_columns[name] for name in names.split()))
        .where(all_columns.customer_id == bindparam("customer_id"))
        .order_by(*(all_columns[name] for name in order)),
        model,
    )


_CONTACTS = _of_customer(Contact, "id name roles email phone notes version", "name", "id")
_SITES = _of_customer(
    Site,
    "id name street city state postal_code country time_zone latitude longitude located_by located_as locating version",
    "name",
    "id",
)
_TAGS = _of_customer(CustomerTag, "id text colour link from_date to_date version", "text")
_ATTRIBUTES = _of_customer(CustomerAttribute, "id name type value version", "name")
_ENTRY = columns(ActivityEntry)
_ENTRIES = select(
    *(_ENTRY[name] for name in "id at actor operation subject_kind subject changes details".split())
)
#: A key that no row reaches.
_BEYOND = 2**63 - 1
_LATEST = Prepared(
    _ENTRIES.where(_ENTRY.customer_id == bindparam("customer_id"), _ENTRY.id < bindparam("before"))
    .order_by(_ENTRY.id.desc())
    .limit(bindparam("limit", type_=Integer)),
    ActivityEntry,
)


_TAG_TEXTS = Prepared(each_value(col(CustomerTag.text)).limit(bindparam("limit", type_=Integer)))
_ASSIGNED_TO = select(col(User.name)).where(col(User.id) == col(Customer.assigned_user_id)).scalar_subquery()


def get(ctx: Context, number: str) -> Customer:
    """The visible customer with this number; for one that was merged, the one it went into. Raises NotFound."""
    customer = ctx.load_by(Customer, Customer.number, number)
    return customer if customer.merged_into_id is None else ctx.load(Customer, customer.merged_into_id)


def itself(ctx: Context, number: str) -> Customer:
    """The visible customer with this number, merged or not. Raises NotFound."""
    return ctx.load_by(Customer, Customer.number, number)


def to_change(ctx: Context, number: str) -> Customer:
    """The visible customer with this number, locked. Raises NotFound, and Conflict for one that was merged into another."""
    customer = ctx.load_by(Customer, Customer.number, number, lock=True)
    refuse_merged(ctx, customer)
    return customer


def refuse_merged(ctx: Context, customer: Customer, remedy: str = "") -> None:
    """Raise Conflict for a customer that was merged into another; it names that one and leads there if the actor may see it."""
    if customer.merged_into_id is None:
        return
    visible = ctx.visible(Customer).where(col(Customer.id) == customer.merged_into_id)
    other = ctx.session.scalars(visible).one_or_none()
    if other is None:
        raise Conflict(
            _("{number} was merged into another customer.", number=customer.number),
            remedy=_("Ask a supervisor to assign that customer to you."),
        )
    error = Conflict(
        _(
            "{number} was merged into {name} ({other}).",
            number=customer.number,
            name=other.name,
            other=other.number,
        ),
        remedy=remedy or _("Make your change there."),
    )
    error.see = (other.name, f"/customers/{other.number}")
    raise error


def by_id(ctx: Context, customer_id: int) -> Customer:
    """The visible customer with this key. Raises NotFound."""
    return ctx.load(Customer, customer_id)


def find_by_tax_id(ctx: Context, tax_id: str) -> Customer | None:
    """The visible customer, not archived, with this compact tax id; the oldest when several countries have it."""
    statement = (
        ctx.visible(Customer)
        .where(col(Customer.tax_id) == tax_id, col(Customer.tax_key).is_not(None))
        .order_by(col(Customer.id))
        .limit(1)
    )
    return ctx.session.scalars(statement).one_or_none()


def by_tax_key(ctx: Context, tax_key: str) -> Customer | None:
    """The customer who holds this tax key, visible or not: uniqueness knows no scope."""
    return ctx.session.scalars(select(Customer).where(col(Customer.tax_key) == tax_key)).one_or_none()


def list_customers(ctx: Context) -> Select[*tuple[Any, ...]]:
    """The columns that lists of customers show, of every visible one."""
    return select(
        col(Customer.id).label("id"),
        col(Customer.number).label("number"),
        col(Customer.name).label("name"),
        col(Customer.legal_name).label("legal_name"),
        col(Customer.kind).label("kind"),
        col(Customer.status).label("status"),
        col(Customer.tax_id).label("tax_id"),
        col(Customer.email).label("email"),
        col(Customer.phone).label("phone"),
        col(Customer.country).label("country"),
        col(Customer.created_at).label("created_at"),
        _ASSIGNED_TO.label("assigned_to"),
    ).where(*ctx.visible_conditions(Customer))


def contacts_of(ctx: Context, customer_id: int) -> Sequence[Found]:
    """Contacts of a customer by name."""
    return ctx.once(("core.contacts_of", customer_id), lambda: _CONTACTS.rows(ctx, customer_id=customer_id))


def billing_address(ctx: Context, customer_id: int) -> str:
    """Where invoices go: the first billing contact's e-mail, else the customer's own (may be empty)."""
    for contact in contacts_of(ctx, customer_id):
        if "billing" in contact.roles and contact.email:
            return str(contact.email)
    return by_id(ctx, customer_id).email


def sites_of(ctx: Context, customer_id: int) -> Sequence[Found]:
    """Sites of a customer by name."""
    return _SITES.rows(ctx, customer_id=customer_id)


def tags_of(ctx: Context, customer_id: int, *, current: bool = False) -> Sequence[Found]:
    """Tags of a customer by text; with `current` only those whose dates hold today in the operator's zone."""
    found = _TAGS.rows(ctx, customer_id=customer_id)
    if not current:
        return found
    today = ctx.now().astimezone(ctx.app.config.zone).date()
    return [row for row in found if (row.from_date or today) <= today <= (row.to_date or today)]


def tag_texts(ctx: Context, limit: int = 200) -> Sequence[str]:
    """The words that customers wear as tags, found by leaping along their index from one to the next."""
    return [str(row.value) for row in _TAG_TEXTS.rows(ctx, limit=limit)]


def tags_by_customer(ctx: Context, keys: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """The tags that these customers wear today, as the cells of a list."""
    today = ctx.now().astimezone(ctx.app.config.zone).date()
    rows = ctx.session.execute(
        select(
            col(CustomerTag.customer_id),
            col(CustomerTag.text),
            col(CustomerTag.from_date),
            col(CustomerTag.to_date),
        )
        .where(col(CustomerTag.customer_id).in_(keys))
        .order_by(col(CustomerTag.text))
    )
    found: dict[int, dict[str, Any]] = {}
    for key, text, first, last in rows:
        if (first or today) <= today <= (last or today):
            found.setdefault(key, {"tags": []})["tags"].append(text)
    return found


def attributes_of(ctx: Context, customer_id: int) -> Sequence[Found]:
    """Free attributes of a customer by name."""
    return _ATTRIBUTES.rows(ctx, customer_id=customer_id)


def contact_count(ctx: Context, customer_id: int) -> int:
    """How many contacts a customer has."""
    return len(contacts_of(ctx, customer_id))


def activity_of(ctx: Context, customer_id: int) -> Select[*tuple[Any, ...]]:
    """The customer's activity entries with their changes."""
    return _ENTRIES.where(_ENTRY.customer_id == customer_id, *ctx.visible_conditions(ActivityEntry))


def latest_activity_of(
    ctx: Context, customer_id: int, limit: int, before: int | None = None
) -> Sequence[Found]:
    """The customer's newest entries, or those older than the one with key `before`."""
    return _LATEST.rows(ctx, customer_id=customer_id, before=before or _BEYOND, limit=limit)


def latest_activity_of_all(
    ctx: Context, customer_ids: Sequence[int], limit: int, before: int | None = None
) -> Sequence[Any]:
    """`latest_activity_of` of several customers, such as one and those who were merged into it."""
    statement = _ENTRIES.where(_ENTRY.customer_id.in_(customer_ids), _ENTRY.id < (before or _BEYOND))
    return ctx.session.execute(statement.order_by(_ENTRY.id.desc()).limit(limit)).all()


def merged_into(ctx: Context, customer_id: int) -> Sequence[int]:
    """The keys of the customers who were merged into this one."""
    return [
        key
        for key in ctx.session.scalars(
            select(col(Customer.id)).where(col(Customer.merged_into_id) == customer_id)
        )
        if key is not None
    ]


def site(ctx: Context, customer: Customer, site_id: int) -> Site:
    """A site of this customer. Raises NotFound."""
    return _belonging(ctx, Site, customer, site_id)


def contact(ctx: Context, customer: Customer, contact_id: int) -> Contact:
    """A contact of this customer. Raises NotFound."""
    return _belonging(ctx, Contact, customer, contact_id)


def tag(ctx: Context, customer: Customer, tag_id: int) -> CustomerTag:
    """A tag of this customer. Raises NotFound."""
    return _belonging(ctx, CustomerTag, customer, tag_id)


def attribute(ctx: Context, customer: Customer, attribute_id: int) -> CustomerAttribute:
    """An attribute of this customer. Raises NotFound."""
    return _belonging(ctx, CustomerAttribute, customer, attribute_id)


def reseller_by_code(ctx: Context, code: str) -> Reseller | None:
    """The reseller with this code, when the actor may see it."""
    row = ctx.session.scalars(select(Reseller).where(col(Reseller.code) == code)).one_or_none()
    scope = ctx.actor.scope
    return row if row is not None and (not scope.is_limited or scope.reseller_id == row.id) else None


def status_counts(ctx: Context) -> Mapping[str, int]:
    """How many visible customers there are by status; every status is named."""
    statement = (
        select(col(Customer.status), func.count())
        .where(*ctx.visible_conditions(Customer))
        .group_by(col(Customer.status))
    )
    found: dict[str, int] = dict(ctx.session.execute(statement).all())
    return {status.value: found.get(status.value, 0) for status in CustomerStatus}


def _belonging(ctx: Context, model: type[B], customer: Customer, key: int) -> B:
    row = ctx.load(model, key)
    if row.customer_id != customer.id:
        raise NotFound(
            _("There is no such entry of {number}.", number=customer.number),
            remedy=_("Somebody may have removed it: reload the customer's page."),
        )
    return row
