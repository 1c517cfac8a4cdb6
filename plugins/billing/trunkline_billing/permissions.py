"""Who may do what in billing."""

from trunkline.i18n import gettext as _
from trunkline.plugin import Permission, Sensitive

_CARE = ("supervisor", "customer_care", "care_reader", "cashier", "accountant", "auditor")
_SELLERS = (*_CARE, "dealer")
_DESK = ("supervisor", "cashier", "accountant")
_BOOKS = ("accountant",)
_READERS = ("accountant", "supervisor", "auditor")
_QUOTERS = (*_READERS, "product_manager", "customer_care", "care_reader", "dealer", "pbx_administrator")

PERMISSIONS = (
    Permission("billing.account.list", _("List accounts and balances"), _SELLERS),
    Permission("billing.account.view", _("See a customer's accounts, charges and balance"), _SELLERS),
    Permission("billing.account.create", _("Open accounts"), ("supervisor", "accountant")),
    Permission("billing.charge.list", _("List charges"), _CARE),
    Permission("billing.charge.create", _("Start and stop charging services"), ("supervisor", "accountant")),
    Permission("billing.credit.create", _("Give credits"), ("supervisor", "accountant")),
    Permission(
        "billing.usage.list",
        _("See usage"),
        (*_CARE, "provisioning_engineer", "pbx_administrator", "duty_officer"),
    ),
    Permission("billing.usage.import", _("Import usage files"), ("accountant", "provisioning_engineer")),
    Permission("billing.invoice.list", _("List invoices"), _SELLERS),
    Permission("billing.invoice.view", _("See invoices and their PDF"), _SELLERS),
    Permission("billing.invoice.issue", _("Invoice one account now"), _BOOKS),
    Permission("billing.invoice.cancel", _("Void invoices"), _BOOKS),
    Permission("billing.payment.list", _("List payments"), _CARE),
    Permission("billing.payment.view", _("See payments and receipts"), _CARE),
    Permission("billing.payment.record", _("Take payments at the cash desk"), _DESK),
    Permission("billing.payment.reverse", _("Reverse payments"), ("supervisor", "accountant")),
    Permission("billing.refund.list", _("List refunds"), _CARE),
    Permission("billing.refund.view", _("See refunds"), _CARE),
    Permission("billing.refund.create", _("Refund payments"), ("supervisor", "accountant")),
    Permission("billing.refund.change", _("Say whether refunds arrived"), ("supervisor", "accountant")),
    Permission("billing.run.list", _("See billing runs"), _READERS),
    Permission("billing.run.run", _("Run billing"), _BOOKS),
    Permission("billing.tariff.list", _("List tariffs"), _QUOTERS),
    Permission("billing.tariff.view", _("See rates and quote a use"), _QUOTERS),
    Permission("billing.tariff.import", _("Import tariffs"), ("product_manager", "accountant")),
    Permission("billing.tax.list", _("See tax schemes"), _READERS),
    Permission("billing.tax.edit", _("Change tax schemes"), _BOOKS),
    Permission("billing.ledger.view", _("See the ledger"), _READERS),
)

SENSITIVE = (
    Sensitive("billing.usage", _("Call details and other usage")),
    Sensitive("billing.invoice", _("Invoices")),
)

#: What `billing.run` is about, as the matrix of permissions and the activity log say it: nothing else says the word.
NOUNS = (_("Run"),)
