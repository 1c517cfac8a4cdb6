"""The ledger and the taxes."""

from starlette.responses import Response

from trunkline.db.haste import within
from trunkline.i18n import gettext as _
from trunkline.settings.entries import way
from trunkline.web.pages import Page, Pages
from trunkline_billing import operations, queries
from trunkline_billing.queries.accounts import TrialLine
from trunkline_billing.schemas import CreateTaxScheme
from trunkline_billing.tables import ACCOUNTS, ENTRIES
from trunkline_billing.words import LEDGERS

PAGES = Pages()
#: Seconds that the trial balance may take of a page that is about entries.
_PATIENCE = 0.02


@PAGES.get("/billing/accounts", permission="billing.account.list")
def accounts(page: Page) -> Response:
    page.title = str(_("Accounts"))
    page.crumbs((page.title, ""))
    return page.table("billing/list.html", ACCOUNTS, queries.account_select(page.ctx), actions=())


@PAGES.get("/billing/ledger", permission="billing.ledger.view")
def ledger(page: Page) -> Response:
    page.title = str(_("Ledger"))
    page.crumbs((page.title, ""))
    return page.table("billing/ledger.html", ENTRIES, queries.entry_select(page.ctx), trial=_trial(page))


def _trial(page: Page) -> list[tuple[TrialLine, object]] | None:
    """The trial balance; None where adding up millions of postings takes long and nobody has asked for it."""
    if page.is_fragment:
        return None
    asked = page.request.query_params.get("books") == "all"
    lines = (
        queries.trial_balance(page.ctx)
        if asked
        else within(page.ctx.session, _PATIENCE, lambda: queries.trial_balance(page.ctx))
    )
    return None if lines is None else [(line, LEDGERS.get(line.ledger, line.ledger)) for line in lines]


@PAGES.get("/billing/taxes", permission="billing.tax.list")
def taxes(page: Page) -> Response:
    page.title = str(_("Taxes"))
    page.crumbs(*way(page), (page.title, ""))
    return page.render("billing/taxes.html", schemes=queries.tax_schemes(page.ctx))


def _crumbs(page: Page) -> dict[str, object]:
    page.crumbs(*way(page), (str(_("Taxes")), "/billing/taxes"), (str(_("Add tax scheme")), ""))
    return {"form_options": {"cancel": "/billing/taxes"}}


@PAGES.form(
    "/billing/taxes/new",
    permission="billing.tax.edit",
    schema=CreateTaxScheme,
    template="billing/form.html",
    title=_("Add tax scheme"),
    initial=_crumbs,
    extra=lambda page: {"text": _("Taxes are added to each invoice line and rounded half up per line.")},
    submit=_("Add tax scheme"),
)
def add_tax_scheme(page: Page, command: CreateTaxScheme) -> Response:
    scheme = operations.create_tax_scheme(page.ctx, command)
    return page.redirect("/billing/taxes", str(_("{name} was added.", name=scheme.name)))
