"""What a product of each kind may say of itself: a bundle its products, an add-on what it goes with."""

from collections.abc import Sequence
from decimal import Decimal

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.schemas import (
    MAX_LINES,
    OFFERED_KINDS,
    CreateProduct,
    Member,
    ProductKind,
    ProductView,
    SuspensionTerms,
    UpdateProduct,
)

#: What a bundle leaves to its products.
_MADE = ("needs", "parameters", "playbook", "tariff", "allowances")
#: What would outlast something that is charged once.
_LASTING = ("needs", "playbook", "tariff", "allowances", "monthly_price")


def check_new(ctx: Context, command: CreateProduct) -> None:
    """Raise Refused naming the field that does not go with the kind of a new product."""
    if command.kind not in OFFERED_KINDS:
        raise Refused(
            _("Products of the kind “{kind}” cannot be ordered yet.", kind=command.kind.value),
            field="kind",
            remedy=_("Make a standalone product, a bundle, an add-on or a one-off charge."),
        )
    _check_kind(command.kind, command)
    if command.kind is ProductKind.BUNDLE:
        _check_members(ctx, command.members)
        if command.priced_by_members and (command.setup_price or command.monthly_price):
            raise Refused(
                _("A bundle that costs what its products cost has no price of its own."),
                field="monthly_price" if command.monthly_price else "setup_price",
                remedy=_("Make its prices 0, or give it its own price."),
            )
    elif command.kind is ProductKind.ADD_ON:
        _check_fits(ctx, command.fits)


def check_changed(ctx: Context, product: ProductView, command: UpdateProduct) -> None:
    """Raise Refused naming the field that does not go with the kind of a product as it is to become."""
    _check_kind(product.kind, command)
    if product.kind is ProductKind.BUNDLE and command.members is not None:
        _check_members(ctx, command.members)
    elif product.kind is ProductKind.ADD_ON and command.fits is not None:
        _check_fits(ctx, command.fits)


def check_price(product: ProductView, setup: Decimal, monthly: Decimal) -> None:
    """Raise Refused for a price of a bundle that costs what its products cost, and a monthly one of a one-off charge."""
    if product.kind is ProductKind.ONE_OFF and monthly:
        raise Refused(
            _("{product} is charged once.", product=product.name),
            field="monthly_price",
            remedy=_("Make it 0, and name what is charged once."),
        )
    if product.priced_by_members and (setup or monthly):
        raise Refused(
            _("{product} costs what its products cost.", product=product.name),
            field="monthly_price" if monthly else "setup_price",
            remedy=_("Change their prices, or sell another bundle with a price of its own."),
        )


def _check_kind(kind: ProductKind, command: CreateProduct | UpdateProduct) -> None:
    if kind is ProductKind.BUNDLE:
        for field in _MADE:
            if getattr(command, field):
                raise Refused(
                    _("A bundle is made by its products alone."),
                    field=field,
                    remedy=_("Leave it out here, and give it to one of the products."),
                )
    elif kind is ProductKind.ONE_OFF:
        given = [field for field in _LASTING if getattr(command, field, None)]
        if command.suspension not in (None, SuspensionTerms()):
            given.append("suspension")
        if given:
            raise Refused(
                _("Nothing stays of a one-off charge."),
                field=given[0],
                remedy=_(
                    "Leave it out: it has a price that is charged once, and what is asked when it is ordered."
                ),
            )
    if kind is not ProductKind.BUNDLE:
        _refuse_given(command, ("members", "priced_by_members"), _("Only a bundle is made of products."))
    if kind is not ProductKind.ADD_ON:
        _refuse_given(command, ("fits", "most_per_service"), _("Only an add-on goes with products."))


def _refuse_given(command: CreateProduct | UpdateProduct, fields: Sequence[str], words: str) -> None:
    for field in fields:
        if getattr(command, field, None):
            raise Refused(words, field=field, remedy=_("Leave it out, or choose another kind of product."))


def _check_members(ctx: Context, members: Sequence[Member]) -> None:
    if not members:
        raise Refused(
            _("A bundle is made of products, and this one has none."),
            field="members",
            remedy=_("Choose at least one product."),
        )
    codes = [one.product for one in members]
    if len(set(codes)) != len(codes):
        raise Refused(
            _("A product is named twice."), field="members", remedy=_("Name it once, with its quantity.")
        )
    sold = {one.code: one for one in queries.products(ctx)}
    for code in codes:
        _require_standalone(sold.get(code), code, "members")
    if sum(one.quantity for one in members) >= MAX_LINES:
        raise Refused(
            _("A bundle has fewer than {n} services.", n=MAX_LINES),
            field="members",
            remedy=_("Lower the quantities."),
        )


def _check_fits(ctx: Context, fits: Sequence[str]) -> None:
    if not fits:
        raise Refused(
            _("An add-on is added to services, and this one goes with no product."),
            field="fits",
            remedy=_("Choose the products with which it goes."),
        )
    known = {one.code: one for one in queries.products(ctx, retired=True)}
    for code in fits:
        _require_standalone(known.get(code), code, "fits")


def _require_standalone(product: ProductView | None, code: str, field: str) -> None:
    if product is None:
        raise Refused(
            _("No product “{code}” is on sale.", code=code),
            field=field,
            remedy=_("Choose among the products that are on sale."),
        )
    if product.kind is not ProductKind.STANDALONE:
        raise Refused(
            _("“{name}” is no standalone product; one level is enough.", name=product.name),
            field=field,
            remedy=_("Choose products that are sold alone, no bundles and no add-ons."),
        )
