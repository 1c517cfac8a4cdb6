"""Tax schemes."""

from sqlalchemy import update
from sqlmodel import col, select

from trunkline.errors import Conflict, Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context, operation
from trunkline_billing.events import TaxSchemeCreated
from trunkline_billing.models.invoices import BillingTaxRate, BillingTaxScheme
from trunkline_billing.schemas import CreateTaxScheme
from trunkline_billing.tax import NamedRate


@operation("billing.tax.edit")
def create_tax_scheme(ctx: Context, command: CreateTaxScheme) -> BillingTaxScheme:
    """Add a tax scheme; as the default one it replaces the former for invoices to come.

    Raises Conflict when the name is taken, Refused when a line is no tax or names one twice.
    """
    rates = [NamedRate.parse(text) for text in command.rates]
    if len({rate.name for rate in rates}) < len(rates):
        raise Refused(_("A tax is named twice."), field="rates", remedy=_("Give each its own name."))
    taken = ctx.session.scalars(
        select(BillingTaxScheme).where(col(BillingTaxScheme.name) == command.name)
    ).one_or_none()
    if taken is not None:
        raise Conflict(
            _("There is a tax scheme “{name}” already.", name=command.name),
            field="name",
            remedy=_("Choose another name."),
        )
    if command.is_default:
        ctx.session.execute(
            update(BillingTaxScheme)
            .where(col(BillingTaxScheme.is_default).is_(True))
            .values(is_default=False)
        )
    scheme = BillingTaxScheme(name=command.name, is_default=command.is_default, created_at=ctx.now())
    ctx.session.add(scheme)
    ctx.session.flush()
    for rate in rates:
        ctx.session.add(
            BillingTaxRate(scheme_id=scheme.key, name=rate.name, rate_millionths=rate.rate_millionths)
        )
    ctx.session.flush()
    ctx.note(scheme, label=scheme.name)
    ctx.emit(TaxSchemeCreated(entity_id=scheme.key, scheme=scheme.name, is_default=scheme.is_default))
    return scheme
