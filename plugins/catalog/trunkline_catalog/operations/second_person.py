"""When a change of prices needs a second person: above the amount that the settings name."""

from trunkline.approvals.second_person import Matter, SecondPerson, exceeds
from trunkline.approvals.words import Amount, Moment, Said
from trunkline.i18n import gettext as _
from trunkline.money import Money
from trunkline.operation import Context
from trunkline_catalog import queries
from trunkline_catalog.schemas import PriceView, SetPrice
from trunkline_catalog.settings import CatalogSettings


def _price(ctx: Context, code: str, command: SetPrice) -> Matter | None:
    limit = ctx.settings(CatalogSettings).second_person_above
    if limit is None:
        return None
    product = queries.product(ctx, code)
    last = next(iter(queries.prices(ctx, product.id)), None)
    currency = command.currency or (last.currency if last else ctx.app.config.currency)
    change = _change(command, last, currency)
    home = ctx.app.config.currency
    if not exceeds(change, currency, Money.parse(limit, home).micros, home):
        return None
    setup, monthly = (
        Amount(Money.parse(price, currency).micros, currency)
        for price in (command.setup_price, command.monthly_price)
    )
    facts: list[tuple[Said, Said]] = [(_("Set-up"), setup), (_("Monthly"), monthly)]
    if last is not None:
        facts.append((_("Set-up until then"), Amount(last.setup_micros, last.currency)))
        facts.append((_("Monthly until then"), Amount(last.monthly_micros, last.currency)))
    if command.effective_from is not None:
        facts.append((_("From"), Moment(command.effective_from)))
    return Matter(
        _("Change the price of {name} to {monthly} a month", name=product.name, monthly=monthly),
        facts,
        change,
        currency,
        path=f"/catalog/products/{code}",
    )


def _change(command: SetPrice, last: PriceView | None, currency: str) -> int:
    """By how much the larger of both prices changes, in micro-units; in another currency the price itself."""
    setup = Money.parse(command.setup_price, currency).micros
    monthly = Money.parse(command.monthly_price, currency).micros
    if last is not None and last.currency == currency:
        setup, monthly = setup - last.setup_micros, monthly - last.monthly_micros
    return max(abs(setup), abs(monthly))


PRICE = SecondPerson(_("Change a price"), _price)
