"""Products and their prices. A price that has begun is closed, never changed."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import exists, select
from sqlmodel import col

from trunkline.errors import Conflict, NotFound, Refused
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context, operation
from trunkline.search.marking import mark
from trunkline.versions import require_version
from trunkline_catalog import queries
from trunkline_catalog.events import (
    ProductChanged,
    ProductCreated,
    ProductPriceChanged,
    ProductReinstated,
    ProductRetired,
)
from trunkline_catalog.models import CatalogPrice, CatalogProduct
from trunkline_catalog.operations.composing import check_changed, check_new, check_price
from trunkline_catalog.operations.second_person import PRICE
from trunkline_catalog.schemas import (
    CreateProduct,
    Parameter,
    PriceView,
    ProductView,
    SetPrice,
    UpdateProduct,
)
from trunkline_inventory import queries as inventory


@operation("catalog.product.create")
def create_product(ctx: Context, command: CreateProduct) -> ProductView:
    """Make a product with its first price. Raises Conflict for a taken code, Refused for what it names and nobody has."""
    if ctx.session.scalar(select(exists().where(col(CatalogProduct.code) == command.code))):
        raise Conflict(_("There is a product “{code}” already.", code=command.code), field="code")
    check_new(ctx, command)
    _check_names(ctx, command.needs, command.playbook, command.tariff)
    _check_parameters(command.parameters)
    row = CatalogProduct(
        code=command.code,
        name=command.name,
        description=command.description,
        kind=command.kind,
        service_kind=command.service_kind,
        needs=list(command.needs),
        parameters=[one.model_dump(mode="json") for one in command.parameters],
        playbook=command.playbook,
        on_failure=command.on_failure,
        tariff=command.tariff,
        allowances=[one.model_dump(mode="json") for one in command.allowances],
        suspension=command.suspension.model_dump(mode="json"),
        members=[one.model_dump(mode="json") for one in command.members],
        priced_by_members=command.priced_by_members,
        fits=list(command.fits),
        most_per_service=command.most_per_service,
    )
    ctx.session.add(row)
    ctx.session.flush()
    price = SetPrice(
        setup_price=command.setup_price,
        monthly_price=command.monthly_price,
        currency=command.currency,
        effective_from=command.effective_from,
    )
    _add_price(ctx, row, price)
    mark(ctx, "product", row.key)
    ctx.note(row, label=row.code)
    ctx.emit(ProductCreated(entity_id=row.key, code=row.code))
    return _checked(ctx, queries.product(ctx, row.code))


def _checked(ctx: Context, product: ProductView) -> ProductView:
    """The product, unless a plugin refuses it as it is now."""
    for _plugin, check in ctx.app.hooks.implementations("catalog_check_product"):
        check(ctx=ctx, product=product)
    return product


def _check_names(ctx: Context, needs: Sequence[str], playbook: str, tariff: str) -> None:
    templates = [template.name for template in inventory.templates(ctx)]
    for name in needs:
        if name not in templates:
            raise Refused(
                _("There is no inventory template “{name}”.", name=name),
                field="needs",
                remedy=_("Templates: {known}.", known=", ".join(templates)),
            )
    if len(set(needs)) != len(needs):
        raise Refused(_("A template is named twice; one item of each is picked."), field="needs")
    for field, name, known in (
        ("playbook", playbook, queries.known_playbooks(ctx) if playbook else None),
        ("tariff", tariff, queries.known_tariffs(ctx) if tariff else None),
    ):
        if known is not None and name not in known:
            raise Refused(
                _("There is no {what} “{name}”.", what=field, name=name),
                field=field,
                remedy=_("Known: {known}.", known=", ".join(known) or "–"),
            )


def _check_parameters(parameters: Sequence[Parameter]) -> None:
    from trunkline_catalog.parameters import checked_value

    names = [parameter.name for parameter in parameters]
    if len(set(names)) != len(names):
        raise Refused(_("Two parameters have the same name."), field="parameters")
    for parameter in parameters:
        if parameter.kind == "choice" and not parameter.choices:
            raise Refused(
                _("Name the choices of “{label}”, one a line.", label=parameter.label), field="choices"
            )
        if parameter.secret and (parameter.value or not parameter.ask or parameter.kind != "text"):
            raise Refused(
                _(
                    "The secret “{label}” has to be asked as a text, without a value here.",
                    label=parameter.label,
                ),
                field="secret",
                remedy=_("Tick that it is asked, and leave the value blank."),
            )
        if parameter.value:
            checked_value(parameter, parameter.value, field="value")
        elif not parameter.ask and parameter.required:
            raise Refused(_("“{label}” needs its fixed value.", label=parameter.label), field="value")


@operation("catalog.product.edit")
def update_product(ctx: Context, code: str, command: UpdateProduct) -> ProductView:
    """Change a product for orders to come; services keep what they were sold with. Raises Conflict on a stale version."""
    row = _locked(ctx, code)
    require_version(
        row, command.version, command.model_dump(include={"name", "description"}, exclude_none=True)
    )
    _check_names(
        ctx,
        command.needs if command.needs is not None else (),
        command.playbook or "",
        command.tariff or "",
    )
    if command.parameters is not None:
        _check_parameters(command.parameters)
    check_changed(ctx, queries.product_by_id(ctx, row.key), command)
    changes = command.model_dump(mode="json", exclude_none=True, exclude={"version"})
    for name, value in changes.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    mark(ctx, "product", row.key)
    ctx.session.flush()
    ctx.note(row, label=row.code)
    ctx.emit(ProductChanged(entity_id=row.key, code=row.code, fields=tuple(sorted(changes))))
    changed = queries.product(ctx, code)
    return _checked(ctx, changed) if changes.keys() & {"playbook", "needs", "parameters"} else changed


@operation("catalog.product.archive")
def retire_product(ctx: Context, code: str) -> ProductView:
    """Take a product off the market; services of it live on."""
    row = _locked(ctx, code)
    row.retired = True
    ctx.session.flush()
    ctx.note(row, label=row.code)
    ctx.emit(ProductRetired(entity_id=row.key, code=row.code))
    return queries.product(ctx, code)


@operation("catalog.product.archive")
def reinstate_product(ctx: Context, code: str) -> ProductView:
    """Sell a product again."""
    row = _locked(ctx, code)
    row.retired = False
    ctx.session.flush()
    ctx.note(row, label=row.code)
    ctx.emit(ProductReinstated(entity_id=row.key, code=row.code))
    return queries.product(ctx, code)


@operation("catalog.price.change", approval=PRICE)
def set_price(ctx: Context, code: str, command: SetPrice) -> PriceView:
    """A new price from a moment on (now unless given). Raises Refused for a moment in the past, or when a later price exists."""
    row = _locked(ctx, code)
    check_price(queries.product_by_id(ctx, row.key), command.setup_price, command.monthly_price)
    price = _add_price(ctx, row, command)
    ctx.note(row, label=row.code, setup=str(command.setup_price), monthly=str(command.monthly_price))
    ctx.emit(ProductPriceChanged(entity_id=row.key, code=row.code, effective_from=price.effective_from))
    return next(view for view in queries.prices(ctx, row.key) if view.id == price.key)


@operation("catalog.price.change")
def withdraw_price(ctx: Context, code: str, price_id: int) -> None:
    """Withdraw a price that has not begun; the one before goes on. Raises Refused when it has."""
    row = _locked(ctx, code)
    price = ctx.session.get(CatalogPrice, price_id)
    if price is None or price.product_id != row.id:
        raise NotFound(_("There is no such price."))
    if price.effective_from <= ctx.now():
        raise Refused(
            _("This price has begun; it is part of the past."), remedy=_("Set a new price from now on.")
        )
    would_begin = price.effective_from
    before = _last_before(ctx, row.key, would_begin)
    ctx.session.delete(price)
    ctx.session.flush()
    if before is not None and before.effective_to == would_begin:
        before.effective_to = price.effective_to
    ctx.session.flush()
    ctx.note(row, label=row.code)
    ctx.emit(
        ProductPriceChanged(entity_id=row.key, code=row.code, effective_from=would_begin, withdrawn=True)
    )


def _add_price(ctx: Context, row: CatalogProduct, command: SetPrice) -> CatalogPrice:
    now = ctx.now()
    begins = command.effective_from or now
    if begins.tzinfo is None:
        raise Refused(_("Say the time zone of the moment."), field="effective_from")
    last = ctx.session.scalars(
        select(CatalogPrice)
        .where(col(CatalogPrice.product_id) == row.id)
        .order_by(col(CatalogPrice.effective_from).desc())
        .limit(1)
    ).one_or_none()
    currency = command.currency or (last.currency if last else ctx.app.config.currency)
    if last is not None:
        _check_moment(ctx, begins, last, now)
        last.effective_to = begins
    price = CatalogPrice(
        product_id=row.key,
        effective_from=begins,
        setup_micros=_micros(command.setup_price, currency, "setup_price"),
        monthly_micros=_micros(command.monthly_price, currency, "monthly_price"),
        currency=currency,
        set_by=ctx.actor.name,
    )
    ctx.session.add(price)
    ctx.session.flush()
    return price


def _check_moment(ctx: Context, begins: datetime, last: CatalogPrice, now: datetime) -> None:
    if begins <= last.effective_from:
        raise Refused(
            _(
                "A price begins on {at} already; this one would overlap it.",
                at=_moment(ctx, last.effective_from),
            ),
            field="effective_from",
            remedy=_("Choose a later moment, or withdraw that price while it has not begun."),
        )
    if begins < now:
        raise Refused(
            _("A price cannot change the past."),
            field="effective_from",
            remedy=_("Choose a moment from now on."),
        )


def _moment(ctx: Context, at: datetime) -> str:
    return f"{at.astimezone(ctx.app.config.zone):%Y-%m-%d %H:%M}"


def _micros(amount: Decimal, currency: str, field: str) -> int:
    return Money.parse(amount, currency, field=field).micros


def _last_before(ctx: Context, product_id: int, moment: datetime) -> CatalogPrice | None:
    return ctx.session.scalars(
        select(CatalogPrice)
        .where(col(CatalogPrice.product_id) == product_id, col(CatalogPrice.effective_from) < moment)
        .order_by(col(CatalogPrice.effective_from).desc())
        .limit(1)
    ).one_or_none()


def _locked(ctx: Context, code: str) -> CatalogProduct:
    row = ctx.session.scalars(
        select(CatalogProduct).where(col(CatalogProduct.code) == code).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(_("There is no product “{code}”.", code=code))
    return row
