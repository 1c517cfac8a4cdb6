"""What nobody changes any more: customers who were archived, and those whose personal data were erased."""

from trunkline.customers.erasing.stones import stone_of
from trunkline.customers.models import Customer, CustomerStatus
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.operation import Context


def refuse_archived(ctx: Context, customer: Customer, field: str = "status") -> None:
    """Raise Refused, with that field, for an archived customer; of one who was erased it says that there is no way back."""
    if customer.status != CustomerStatus.ARCHIVED:
        return
    refuse_erased(ctx, customer, field)
    raise Refused(
        _("This customer is archived and can only be read."), field=field, remedy=_("Restore it first.")
    )


def refuse_erased(ctx: Context, customer: Customer, field: str = "status") -> None:
    """Raise Refused, with that field, for a customer whose personal data were erased."""
    if stone_of(ctx, customer) is not None:
        raise Refused(
            _("The personal data of this customer were erased."),
            field=field,
            remedy=_("Register whoever comes back anew."),
        )
