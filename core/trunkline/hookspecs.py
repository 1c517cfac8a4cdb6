"""Every hook of the trunk. Implementations are synchronous and return data.

Calls follow the order of `plugins` in `trunkline.toml`. Each implementation runs isolated (and, where it gets a session, in a
savepoint of its own): one that fails is named on the status page and the rest goes on.
Besides these, each event class named in `Plugin.events` gives two hooks:

`before_<event>(ctx, event)` runs inside the operation and may raise `Refused`, which the user reads; a crash refuses too.
`on_<event>(ctx, event)` runs in the worker after commit, at least once, in order per entity, in a unit of work of its own.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from trunkline.plugin import (
    Command,
    ConnectionCheck,
    HealthReport,
    MailTemplate,
    MenuItem,
    ScheduledTask,
    SearchKind,
    SearchLookup,
    ServiceProcess,
    SettingChoices,
    Slot,
    StepKind,
    hookspec,
)

if TYPE_CHECKING:
    import typer

    from trunkline.app import App
    from trunkline.contracts.models import Contract
    from trunkline.contracts.worth import ContractTermination, ContractWorth, Indexation
    from trunkline.customers.erasing.parts import Erased, Hindrance, Person
    from trunkline.customers.guided.steps import CustomerStep
    from trunkline.customers.merging.rows import CustomerRows
    from trunkline.customers.models import Customer
    from trunkline.customers.sheets.sections import SheetSection
    from trunkline.demo.month import DemoMonth
    from trunkline.imports.importer import Importer
    from trunkline.lists import ListColumns, ListOf, RowAction
    from trunkline.operation import Context
    from trunkline.rest.routing import RestRoutes
    from trunkline.web.pages import Pages


@hookspec
def routes() -> "Sequence[Pages]":  # type: ignore[empty-body]  # a specification has no body
    """HTML routes. Called once when the web application is built. Paths lie under `/<plugin>/` (portal: `/portal/…`)."""


@hookspec
def rest_routes() -> "Sequence[RestRoutes]":  # type: ignore[empty-body]  # a specification has no body
    """REST routes under `/api/v1/<plugin>/`. Called once when the REST application is built."""


@hookspec
def menu() -> Sequence[MenuItem]:  # type: ignore[empty-body]  # a specification has no body
    """Entries of the sidebar. Called once at start; each is shown to those who hold its permission."""


@hookspec
def slots() -> Sequence[Slot]:  # type: ignore[empty-body]  # a specification has no body
    """Contributions to other pages. Called once at start. Places: `docs/plugins.md` lists them with their subjects."""


@hookspec
def step_kinds() -> Sequence[StepKind]:  # type: ignore[empty-body]  # a specification has no body
    """Kinds of job steps. Called once at start. Names are `<plugin>.<verb>`."""


@hookspec
def scheduled_tasks() -> Sequence[ScheduledTask]:  # type: ignore[empty-body]  # a specification has no body
    """Work at intervals. Called once when a worker starts."""


@hookspec
def worker_services(ctx: "Context") -> Sequence[ServiceProcess]:  # type: ignore[empty-body]  # a specification has no body
    """Programs that run beside the worker. Called once when a worker starts, on each host; return none to run none."""


@hookspec
def health_checks(ctx: "Context") -> Sequence[HealthReport]:  # type: ignore[empty-body]  # a specification has no body
    """How the plugin's parts are. Called by the status page, `/readyz` and `trunkline doctor`; answer within a second."""


@hookspec
def connection_checks() -> Sequence[ConnectionCheck]:  # type: ignore[empty-body]  # a specification has no body
    """Connections that the plugin's settings set up, to be tried by a button on their page. Called once."""


@hookspec
def setting_choices(ctx: "Context") -> Sequence[SettingChoices]:  # type: ignore[empty-body]  # a specification has no body
    """What settings of the plugin itself may be, where only the running system knows.

    Called with a context that reads when their page is shown and when they are saved; return one for each such setting.
    """


@hookspec
def search_kinds() -> Sequence[SearchKind]:  # type: ignore[empty-body]  # a specification has no body
    """Entities that the search finds. Called once at start. An operation marks what changed by `search.mark(ctx, kind, id)`."""


@hookspec
def search_lookups() -> Sequence[SearchLookup]:  # type: ignore[empty-body]  # a specification has no body
    """Records that the search finds without its index, by their numbers or in memory. Called once at start."""


@hookspec
def lists() -> "Sequence[ListOf]":  # type: ignore[empty-body]  # a specification has no body
    """Lists that have a page of their own. Called once at start; it gives them saved views, files by a worker and row actions."""


@hookspec
def list_columns() -> "Sequence[ListColumns]":  # type: ignore[empty-body]  # a specification has no body
    """Further columns of other plugins' lists, which readers may ask for. Called once at start."""


@hookspec
def row_actions() -> "Sequence[RowAction]":  # type: ignore[empty-body]  # a specification has no body
    """Actions on many rows of a list, done by a worker. Called once at start. Names are `<plugin>.<word>`."""


@hookspec
def customer_steps() -> "Sequence[CustomerStep]":  # type: ignore[empty-body]  # a specification has no body
    """Steps of adding a customer under guidance. Called once at start. Names are `<plugin>.<word>`."""


@hookspec
def customer_rows() -> "Sequence[CustomerRows]":  # type: ignore[empty-body]  # a specification has no body
    """Tables whose rows belong to customers. Called when customers are first merged: their rows move to the one that stays."""


@hookspec
def customer_erasures() -> "Sequence[Erased]":  # type: ignore[empty-body]  # a specification has no body
    """What becomes of a plugin's rows when a person is erased, in the order in which it happens.

    Called for each preview and erasure; plugins that require others go first. A table that names customers and that nobody
    declares stands in the way of erasing them.
    """


@hookspec
def customer_erasure_hindrances(ctx: "Context", person: "Person") -> "Sequence[Hindrance]":  # type: ignore[empty-body]  # a specification has no body
    """Why a person cannot be erased yet, each with its remedy. Called for each preview and erasure; one that fails refuses."""


@hookspec
def customer_sheet(ctx: "Context", customer: "Customer") -> "Sequence[SheetSection]":  # type: ignore[empty-body]  # a specification has no body
    """Tables on a customer's data sheet, in the language of the moment. Called when one is printed; shown by permission."""


@hookspec
def contract_worth(ctx: "Context", contract: "Contract", on: date) -> "Sequence[ContractWorth]":  # type: ignore[empty-body]  # a specification has no body
    """What the services that a contract covers are charged a month on a day, in minor units before tax.

    Called by a contract's page, and when a penalty is reckoned, with a context that reads or writes. Core sums what is in the
    contract's currency. Return none where the contract covers nothing that you charge.
    """


@hookspec
def contract_terminating(ctx: "Context", contract: "Contract", termination: "ContractTermination") -> None:
    """A contract ends before its time: charge `termination.penalty_minor`, which is 0 where nothing is owed.

    Called in the transaction that ends it, once, when its last day has come. Raise Refused when it cannot be charged: then it
    does not end, and whoever ends it (or the log of the daily work) reads why.
    """


@hookspec
def contract_indexing(ctx: "Context", contract: "Contract", indexation: "Indexation") -> None:
    """Change what covered services are charged by `indexation.basis_points` from `indexation.effective_on` on.

    Called in the transaction of an indexation, once. The day may lie ahead. Raise Refused when it cannot be done.
    """


@hookspec
def commands() -> Sequence[Command]:  # type: ignore[empty-body]  # a specification has no body
    """What the command palette offers to do or open by its name, to who holds its permission. Called once at start."""


@hookspec
def importers() -> "Sequence[Importer]":  # type: ignore[empty-body]  # a specification has no body
    """Kinds of files that `trunkline import` and the upload page take. Called once at start."""


@hookspec
def cli(app: "typer.Typer") -> None:
    """Add commands to `trunkline`. Called once when the command line starts; import heavy parts inside the command."""


@hookspec
def demo_data(ctx: "Context", scale: float, seed: int) -> None:
    """Add sample data by ordinary operations, deterministically. Called by `trunkline demo` once, in plugin order."""


@hookspec
def demo_month(app: "App", month: "DemoMonth") -> None:
    """Live through one month of the sample operator's past: order, use, bill, pay, by ordinary operations, deterministically.

    Called by `trunkline demo` after `demo_data`, month after month, in plugin order. Open units of work on `app`, whose clock
    is `month.clock`; move that clock on as the month passes, and call `month.work()` where later acts need jobs to be over.
    """


@hookspec
def demo_today(app: "App", month: "DemoMonth") -> None:
    """Leave the sample operator something to do: orders under way, people invited. Called once after the last month.

    What is queued here is worked on before the reader's eyes when the demo is served. `month` is the current one, its new
    customers those who signed up in it.
    """


@hookspec
def payment_providers() -> "Sequence[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Ways to take money; see `trunkline.providers.PaymentProvider`. The cash desk of billing is one.

    One that is also a `trunkline.providers.RefundingProvider` is offered when money that it took is refunded.
    """


@hookspec
def charging_engines() -> "Sequence[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Engines that rate and charge usage; see `trunkline.providers.ChargingEngine`. The operator picks one in settings."""


@hookspec
def mail_templates() -> Sequence[MailTemplate]:  # type: ignore[empty-body]  # a specification has no body
    """Letters that operators may word themselves, with sample values. Called once at start; the page *Letters* lists them."""


@hookspec
def job_products(ctx: "Context", codes: "Collection[str]") -> "Sequence[tuple[str, str]]":  # type: ignore[empty-body]  # a specification has no body
    """Names of products that jobs were for, as (code, name), for pages that tell times and success by product.

    Called with the codes that a page shows; leave out those that are not yours. A code that nobody names stands for itself.
    """


@hookspec
def jobs_told_elsewhere(ctx: "Context", keys: "Collection[int]") -> "Sequence[int]":  # type: ignore[empty-body]  # a specification has no body
    """Which of these failed jobs, by their keys, are parts of something bigger that reports what failed of it.

    Called before a failed job is mailed; of those that are named nobody is mailed one by one. For plugins that queue many jobs at
    once and write to the same people (`trunkline.jobs.failure_mail.readers`) when all is over.
    """


@hookspec
def mail_transports() -> "Sequence[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Ways to send mail; see `trunkline.providers.MailTransport`. SMTP and the spool are built in."""


@hookspec
def sms_transports() -> "Sequence[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Ways to send text messages; see `trunkline.providers.SmsTransport`. The operator picks one; the spool is built in."""


@hookspec
def upload_scanners(ctx: "Context") -> "Sequence[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Scanners that every upload goes through before anything is done with it; see `trunkline.providers.UploadScanner`.

    Called for each request that brings files, with a context that reads; return none to look at none. ClamAV is built in.
    """


@hookspec
def geocoding_providers(ctx: "Context") -> "Sequence[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Ways to find where an address lies; see `trunkline.providers.GeocodingProvider`. The operator picks one by its name.

    Called with a context that reads, so that a provider is made with its settings; it is asked after that context has ended.
    """


@hookspec
def sign_in_providers() -> "Sequence[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Ways to prove who somebody is: `trunkline.providers.SignInProvider`s take the name and secret of the sign-in page,
    `RedirectingProvider`s add a button to it. E-mail and password is built in.
    """
