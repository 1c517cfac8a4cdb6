"""Changing a service's plan: which product, its parameters, what will differ, and then the order."""

from secrets import token_hex
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from trunkline.customers import queries as customers
from trunkline.errors import TrunklineError
from trunkline.i18n import format_date
from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline_catalog import operations, queries
from trunkline_catalog.operations.allowed import offered
from trunkline_catalog.operations.plan_changes import next_bill
from trunkline_catalog.operations.previewing import preview_plan
from trunkline_catalog.order_forms import PARAMETER, PlanStart, plan_schema
from trunkline_catalog.pages.typed_secrets import TypedSecrets
from trunkline_catalog.schemas import PLAN, ChangeService, ProductView, ServiceView

pages = Pages()


@pages.get("/catalog/services/{number}/plan", permission="catalog.service.change")
def choose(page: Page, number: str) -> Response:
    """The step that the address says: which product, or its details."""
    service, choices = _choices(page, number)
    code = page.query.get("product", "")
    if code not in choices:
        return _render(page, "catalog/plan_product.html", service, choices=list(choices.values()))
    return _ask(page, service, choices[code], _form(page, service, choices[code]))


def _choices(page: Page, number: str) -> tuple[ServiceView, dict[str, ProductView]]:
    """The service, and the products that it can become. Raises Refused when its product offers no change of plan."""
    service = queries.service(page.ctx, number)
    product = queries.product(page.ctx, service.product_code)
    offer = offered(page.ctx, product, PLAN)
    return service, {one.code: one for one in queries.plan_choices(page.ctx, product, offer)}


def _form(page: Page, service: ServiceView, product: ProductView) -> Form[BaseModel]:
    kept = {
        PARAMETER + one.name: service.parameters[one.name]
        for one in product.asked
        if one.name in service.parameters
    }
    here = f"/catalog/services/{service.number}/plan"
    return page.form(
        plan_schema(product),
        kept,
        action=f"{here}/review?product={product.code}",
        submit=str(_("Review")),
        cancel=here,
        choices={
            "begins": [
                (PlanStart.NOW.value, str(_("Immediately"))),
                (PlanStart.NEXT_BILL.value, str(_("With the next bill, on {day}", day=_next_bill(page)))),
                (PlanStart.DATE.value, str(_("On a date"))),
            ]
        },
    )


def _next_bill(page: Page) -> str:
    return format_date(next_bill(page.ctx).date(), page.locale)


def _render(page: Page, template: str, service: ServiceView, status: int = 200, **facts: Any) -> Response:
    page.title = str(_("Change plan of {number}", number=service.number))
    customer = customers.by_id(page.ctx, service.customer_id)
    page.crumbs(
        (customer.name, f"/customers/{customer.number}"),
        (service.number, f"/catalog/services/{service.number}"),
        (str(_("Change plan")), ""),
    )
    product = queries.as_charged(page.ctx, service.id, queries.product(page.ctx, service.product_code))
    return page.render(
        template,
        status=status,
        service=service,
        customer=customer,
        product=product,
        **facts,
    )


def _ask(
    page: Page, service: ServiceView, target: ProductView, form: Form[BaseModel], status: int = 200
) -> Response:
    return _render(page, "catalog/plan_details.html", service, status, target=target, form=form)


def _posted(page: Page, number: str) -> tuple[ServiceView, ProductView, Form[BaseModel], TypedSecrets]:
    service, choices = _choices(page, number)
    code = page.query.get("product", "")
    target = choices[code] if code in choices else queries.product(page.ctx, code)
    secrets = TypedSecrets(page.actor.id)
    secrets.read(target, page.form_data)
    return service, target, _form(page, service, target).parse(page.form_data), secrets


def _wish(target: ProductView, form: Form[BaseModel], secrets: TypedSecrets) -> ChangeService | None:
    """What the filled-in form asks for; None when it cannot be read, which it then says."""
    if not form.valid:
        return None
    command: Any = form.command
    on_date = command.begins is PlanStart.DATE
    if on_date and command.start_after is None:
        form.refuse("start_after", str(_("Say from which moment on.")))
        return None
    return ChangeService(
        change=PLAN,
        product_code=target.code,
        parameters={
            **{one.name: getattr(command, PARAMETER + one.name) for one in target.asked if not one.secret},
            **secrets.values,
        },
        note=command.note,
        start_after=command.start_after if on_date else None,
        from_next_bill=command.begins is PlanStart.NEXT_BILL,
    )


def _refuse(form: Form[BaseModel], error: TrunklineError) -> None:
    field = error.field or ""
    form.refuse(
        PARAMETER + field.removeprefix("parameters.") if field.startswith("parameters.") else field,
        str(error),
    )


@pages.post("/catalog/services/{number}/plan/review", permission="catalog.service.change", reads=True)
def review(page: Page, number: str) -> Response:
    """Before and after side by side, with the plan of the job, before anything is ordered."""
    return _review(page, number)


@pages.post("/catalog/services/{number}/plan/try", permission="catalog.dry_run.create", reads=True)
def try_out(page: Page, number: str) -> Response:
    """The review, beside which a dry run of the change begins; the same form sent twice begins one."""
    return _review(page, number, trying=True)


def _review(page: Page, number: str, *, trying: bool = False) -> Response:
    service, target, form, secrets = _posted(page, number)
    wish = _wish(target, form, secrets)
    key = str(page.form_data.get("idempotency_key") or token_hex(12))
    before, tried = str(page.form_data.get("tried") or ""), ""
    if wish is not None:
        try:
            plan = preview_plan(page.ctx, number, wish)
            if trying:
                tried = operations.try_change(page.ctx, number, wish, key=f"{key}:{before}")
        except TrunklineError as error:
            _refuse(form, error)
        else:
            kept = {
                bound.name: bound.shown
                for bound in form.fields
                if bound.shown != "" and bound.widget != "password"
            }
            kept.update(secrets.hidden())
            return _render(
                page,
                "catalog/plan_review.html",
                service,
                target=target,
                plan=plan,
                indexed=target.code != service.product_code and _is_indexed(page, service),
                fields=kept,
                key=key,
                tried=tried,
                may_try=page.can("catalog.dry_run.create") and page.can("core.job.view"),
            )
    return _ask(page, service, target, form, 422)


def _is_indexed(page: Page, service: ServiceView) -> bool:
    """Whether the service has a price of its own, now or later, which a change of plan ends."""
    own = queries.own_prices(page.ctx, [service.id]).get(service.id, ())
    return any(one.effective_until is None for one in own)


@pages.post("/catalog/services/{number}/plan", permission="catalog.service.change")
def order(page: Page, number: str) -> Response:
    """Order the change that was reviewed; sent twice, it is ordered once."""
    service, target, form, secrets = _posted(page, number)
    wish = _wish(target, form, secrets)
    if wish is not None:
        try:
            with page.ctx.session.begin_nested():
                operations.change_service(
                    page.ctx,
                    number,
                    wish,
                    idempotency_key=str(page.form_data.get("idempotency_key") or ""),
                )
        except TrunklineError as error:
            page.ctx.session.rollback()
            page.ctx.after_commit.clear()
            _refuse(form, error)
        else:
            return page.redirect(f"/catalog/services/{number}", str(_("The service is being changed.")))
    return _ask(page, service, target, form, 422)
