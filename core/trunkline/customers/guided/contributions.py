"""What adding customers step by step declares to the trunk; before the pages of customers, which take every address below."""

from trunkline.customers.guided import pages, short_form
from trunkline.customers.guided.own_steps import CUSTOMER_STEPS as CUSTOMER_STEPS
from trunkline.i18n import gettext as _
from trunkline.plugin import Command

COMMANDS = (
    Command(
        _("Add customer step by step"),
        "/customers/guided",
        "list-check",
        "core.customer.create",
        words=_("new register guided wizard"),
        order=120,
    ),
)
PAGES = (short_form.pages, pages.pages)
