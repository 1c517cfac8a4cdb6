"""Services: the list, one service whole, and suspending, resuming and terminating it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from secrets import token_hex
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select
from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.customers.models import Contact, Site
from trunkline.errors import Refused, TrunklineError
from trunkline.i18n import gettext as _
from trunkline.jobs.models import Job
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline.web.writing import identifier_text
from trunkline_catalog import operations, queries
from trunkline_catalog.contracts import leaving
from trunkline_catalog.forms import Resume, Suspend, Terminate
from trunkline_catalog.pages import changes
from trunkline_catalog.pages.changes import ChangeDialog
from trunkline_catalog.pages.orders import STOP_POLLING
from trunkline_catalog.schemas import (
    ChangeService,
    OrderLineView,
    OrderView,
    ResumeService,
    ServiceState,
    ServiceView,
    SuspendService,
    SuspensionReason,
    TerminateService,
)
from trunkline_catalog.tables import (
    ACTION_LABELS,
    KIND_ICONS,
    REASON_LABELS,
    list_services,
    services_table,
)
from trunkline_inventory import queries as inventory
from trunkline_inventory.schemas import Holder

pages = Pages()


@pages.get("/catalog/services", permission="catalog.service.list")
def index(page: Page) -> Response:
    page.title = str(_("Services"))
    page.crumbs((page.title, ""))
    table = services_table(queries.products(page.ctx, retired=True))
    return page.table("catalog/services.html", table, list_services(page.ctx))


def _form(
    page: Page,
    service: ServiceView,
    schema: type[BaseModel],
    values: Mapping[str, Any] | None = None,
    **options: Any,
) -> Form[Any]:
    name = schema.__name__.lower()
    return page.form(
        schema,
        values or {},
        action=f"/catalog/services/{service.number}/{name}",
        id=f"{name}-form",
        **options,
    )


def _forms(page: Page, service: ServiceView) -> dict[str, Form[Any]]:
    """What may be done with the service now, each with its form."""
    if not _is_free(page, service):
        return {}
    free = [one for one in SuspensionReason if one not in service.suspensions]
    found: dict[str, Form[Any]] = {}
    if free and page.can("catalog.service.suspend"):
        reasons = [(one.value, REASON_LABELS[one]) for one in free]
        found["suspend"] = _form(
            page, service, Suspend, submit=str(_("Suspend")), choices={"reason": reasons}
        )
    if service.suspensions and page.can("catalog.service.resume"):
        reasons = [(one.value, REASON_LABELS[one]) for one in service.suspensions]
        only = {"reason": service.suspensions[0]} if len(service.suspensions) == 1 else {}
        found["resume"] = _form(
            page, service, Resume, only, submit=str(_("Resume")), choices={"reason": reasons}
        )
    if page.can("catalog.service.terminate"):
        found["terminate"] = _form(page, service, Terminate, submit=str(_("Terminate")), danger=True)
    return found


def _is_free(page: Page, service: ServiceView) -> bool:
    """Whether the service can be changed now."""
    return service.state is ServiceState.ACTIVE and queries.open_line_of(page.ctx, service.id) is None


def _show(
    page: Page,
    service: ServiceView,
    forms: dict[str, Form[Any]],
    opened: str = "",
    status: int = 200,
    dialogs: list[ChangeDialog] | None = None,
    tried: str = "",
) -> Response:
    busy = queries.open_line_of(page.ctx, service.id)
    if dialogs is None:
        dialogs = changes.dialogs(page, service) if _is_free(page, service) else []
    product = queries.product(page.ctx, service.product_code)
    name = service.identifiers.get("msisdn") or service.identifiers.get("number") or service.number
    customer = customers.by_id(page.ctx, service.customer_id)
    belonging = queries.belonging_to(page.ctx, service)
    page.title = f"{product.name} {identifier_text(name)}"
    page.crumbs(
        (customer.name, f"/customers/{customer.number}"),
        (str(_("Services")), f"/customers/{customer.number}/services"),
        (service.number, ""),
    )
    return page.render(
        "catalog/service.html",
        status=status,
        service=service,
        product=product,
        monthly=queries.monthly_of(page.ctx, [service]).get(service.id),
        own_prices=queries.own_prices(page.ctx, [service.id]).get(service.id, ()),
        customer=customer,
        site=page.ctx.session.get(Site, service.site_id) if service.site_id is not None else None,
        contact=page.ctx.session.get(Contact, service.contact_id) if service.contact_id is not None else None,
        suspensions=queries.suspensions_of(page.ctx, service.id),
        forms=forms,
        dialogs=dialogs,
        plans=not service.covered and _is_free(page, service) and changes.may_change_plan(page, service),
        leaving=leaving(page.ctx, service) if "terminate" in forms else None,
        may_cover=_may_cover(page, service),
        switches=_switches(page, service),
        opened=opened,
        tried=tried,
        try_key=token_hex(12),
        may_try=page.can("catalog.dry_run.create") and page.can("core.job.view"),
        busy=busy,
        job=_job_of(page, busy),
        waiting=_waiting(page, service),
        lines=queries.lines_of_service(page.ctx, service.id),
        belonging=belonging,
        along=[f"{one.product_name} {one.number}" for one in belonging if one.state is ServiceState.ACTIVE],
        identifiers=queries.service_history(page.ctx, service.id),
        items=inventory.items_of(page.ctx, Holder("service", service.id)),
        labels={one.name: one.label for one in inventory.templates(page.ctx)},
        parameters={one.name: one.label for one in product.parameters},
        icon_name=KIND_ICONS[service.service_kind],
        actions=ACTION_LABELS,
        reasons=REASON_LABELS,
    )


def _may_cover(page: Page, service: ServiceView) -> bool:
    """Whether there is a contract to put the service under, or to take it out of."""
    over = service.state in (ServiceState.TERMINATED, ServiceState.CANCELLED, ServiceState.FAILED)
    if over or not page.can("catalog.service.assign"):
        return False
    stands = service.contract and not service.contract_ended_on
    return bool(stands or queries.contracts_in_force(page.ctx, service.customer_id))


def _waiting(page: Page, service: ServiceView) -> list[tuple[OrderLineView, datetime]]:
    """Lines that wait for their date, the earliest first, each with that date."""
    found = queries.waiting_lines_of(page.ctx, service.id)
    if not found:
        return []
    jobs = select(Job.number, Job.run_at).where(col(Job.number).in_([one.job_number for one in found]))
    begins: dict[str, datetime] = {row.number: row.run_at for row in page.ctx.session.execute(jobs)}
    return sorted(((one, begins[one.job_number]) for one in found), key=lambda pair: pair[1])


def _switches(page: Page, service: ServiceView) -> list[str]:
    """What is on, in words."""
    if not service.switches:
        return []
    product = queries.product(page.ctx, service.product_code)
    labels = {offer.word: offer.label for offer in queries.change_offers(page.ctx, product)}
    return [labels.get(word, word) for word in service.switches]


@pages.get("/catalog/services/{number}", permission="catalog.service.view")
def show(page: Page, number: str) -> Response:
    service = queries.service(page.ctx, number)
    return _show(page, service, _forms(page, service))


@pages.get("/catalog/services/{number}/status", permission="catalog.service.view")
def status(page: Page, number: str) -> Response:
    """The line at work by itself; when it is over, the whole page is asked for anew."""
    service = queries.service(page.ctx, number)
    busy = queries.open_line_of(page.ctx, service.id)
    if busy is None:
        return Response(status_code=STOP_POLLING, headers={"HX-Refresh": "true"})
    return page.part("catalog/service_busy.html", busy=busy, job=_job_of(page, busy), actions=ACTION_LABELS)


def _job_of(page: Page, busy: OrderLineView | None) -> Job | None:
    """The job that works on a line: it says whether it goes on or waits for somebody."""
    if busy is None or not busy.job_number:
        return None
    return page.ctx.session.scalars(select(Job).where(col(Job.number) == busy.job_number)).one_or_none()


Change = Callable[[BaseModel], OrderView]


def _change(page: Page, number: str, name: str, change: Change, done: str) -> Response:
    service = queries.service(page.ctx, number)
    forms = _forms(page, service)
    if name not in forms:
        # Somebody was faster, or the right is missing: the operation says which.
        change(Terminate() if name == "terminate" else Suspend(reason=SuspensionReason.REQUEST))
    form = forms[name].parse(page.form_data)
    if form.valid:
        try:
            with page.ctx.session.begin_nested():
                change(form.command)
        except TrunklineError as error:
            page.ctx.session.rollback()
            page.ctx.after_commit.clear()
            form.refuse(error.field, str(error))
    if form.errors:
        return _show(page, service, {**forms, name: form}, opened=name, status=422)
    return page.redirect(f"/catalog/services/{number}", done)


_COMMANDS: Mapping[str, type[SuspendService | ResumeService | TerminateService]] = {
    "suspend": SuspendService,
    "resume": ResumeService,
    "terminate": TerminateService,
}


@pages.post("/catalog/services/{number}/try/{name}", permission="catalog.dry_run.create", reads=True)
def try_out(page: Page, number: str, name: str) -> Response:
    """The service, beside which a dry run begins of what would be ordered; its form keeps what was typed."""
    service = queries.service(page.ctx, number)
    forms = _forms(page, service)
    if name not in forms:
        raise _not_now(service)
    form = forms[name] = forms[name].parse(page.form_data)
    tried = ""
    if form.valid:
        command = _COMMANDS[name].model_validate(form.command.model_dump())
        try:
            tried = operations.try_change(page.ctx, number, command, key=_once(page))
        except TrunklineError as error:
            form.refuse(error.field, str(error))
    if form.errors:
        return _show(page, service, forms, opened=name, status=422)
    return _show(page, service, forms, tried=tried)


@pages.post("/catalog/services/{number}/try/change/{word}", permission="catalog.dry_run.create", reads=True)
def try_change(page: Page, number: str, word: str) -> Response:
    """The same for one of the changes that the product offers."""
    service = queries.service(page.ctx, number)
    dialogs = changes.dialogs(page, service) if _is_free(page, service) else []
    dialog = next((one for one in dialogs if one.offer.word == word), None)
    if dialog is None:
        raise _not_now(service)
    dialog.form = dialog.form.parse(page.form_data)
    wish = changes.wish(page, dialog) if dialog.form.valid else None
    tried = ""
    if wish is not None:
        try:
            tried = operations.try_change(page.ctx, number, wish, key=_once(page))
        except TrunklineError as error:
            changes.refuse(dialog, error)
    if dialog.form.errors:
        return _show(page, service, _forms(page, service), dialog.id, 422, dialogs)
    return _show(page, service, _forms(page, service), dialogs=dialogs, tried=tried)


def _not_now(service: ServiceView) -> Refused:
    return Refused(
        _("This cannot be done with {service} now.", service=service.number),
        remedy=_("Open the service again: what can be done with it stands there."),
    )


def _once(page: Page) -> str:
    """The same for a form that is sent twice."""
    return str(page.form_data.get("try_key") or "")


@pages.post("/catalog/services/{number}/suspend", permission="catalog.service.suspend")
def suspend(page: Page, number: str) -> Response:
    def change(command: Any) -> OrderView:
        return operations.suspend_service(
            page.ctx, number, SuspendService.model_validate(command.model_dump())
        )

    return _change(page, number, "suspend", change, str(_("The service is being suspended.")))


@pages.post("/catalog/services/{number}/resume", permission="catalog.service.resume")
def resume(page: Page, number: str) -> Response:
    def change(command: Any) -> OrderView:
        return operations.resume_service(page.ctx, number, ResumeService.model_validate(command.model_dump()))

    return _change(page, number, "resume", change, str(_("The service is being resumed.")))


@pages.post("/catalog/services/{number}/terminate", permission="catalog.service.terminate")
def terminate(page: Page, number: str) -> Response:
    def change(command: Any) -> OrderView:
        return operations.terminate_service(
            page.ctx, number, TerminateService.model_validate(command.model_dump())
        )

    return _change(page, number, "terminate", change, str(_("The service is being terminated.")))


@pages.post("/catalog/services/{number}/change/{word}", permission="catalog.service.change")
def change(page: Page, number: str, word: str) -> Response:
    """Order one of the changes that the product offers."""
    service = queries.service(page.ctx, number)
    dialogs = changes.dialogs(page, service) if _is_free(page, service) else []
    dialog = next((one for one in dialogs if one.offer.word == word), None)
    if dialog is None:
        # Somebody was faster, or there is no such change: the operation says which.
        operations.change_service(page.ctx, number, ChangeService(change=word))
        return page.redirect(f"/catalog/services/{number}")
    dialog.form = dialog.form.parse(page.form_data)
    wish = changes.wish(page, dialog) if dialog.form.valid else None
    if wish is not None:
        try:
            with page.ctx.session.begin_nested():
                operations.change_service(page.ctx, number, wish)
        except TrunklineError as error:
            page.ctx.session.rollback()
            page.ctx.after_commit.clear()
            changes.refuse(dialog, error)
    if dialog.form.errors:
        return _show(page, service, _forms(page, service), dialog.id, 422, dialogs)
    return page.redirect(f"/catalog/services/{number}", str(_("The service is being changed.")))
