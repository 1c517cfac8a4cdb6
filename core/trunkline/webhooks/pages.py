"""The pages of endpoints and what is delivered to them."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trunkline.i18n import gettext, ngettext
from trunkline.web.pages import Page, Pages
from trunkline.webhooks import operations, queries
from trunkline.webhooks.schemas import EditWebhook, WebhookFields
from trunkline.webhooks.tables import DELIVERY_LABELS, WEBHOOKS, deliveries_table, state_of

_ = gettext

pages = Pages()
_LIST = "/webhooks"
_ONE = f"{_LIST}/{{number}}"
_DELIVERIES = f"{_LIST}/deliveries"
#: So many deliveries stand on the page of their endpoint.
_NEWEST = 10


@pages.get(_LIST, permission="core.webhook.list")
def list_webhooks(page: Page) -> Response:
    page.title = _("Webhooks")
    return page.table("webhooks/list.html", WEBHOOKS, queries.list_webhooks(page.ctx))


def waiting(page: Page, subject: object) -> str | None:
    """Rows of the start page's “Waits for you”: what was given up on, to be sent again from there."""
    found = queries.given_up_on(page.ctx)
    return page.fragment("webhooks/waiting.html", webhooks=found) if found else None


def _new(page: Page) -> Mapping[str, Any]:
    page.crumbs((_("Webhooks"), _LIST), (_("New"), ""))
    return {"form_options": {"choices": {"events": queries.event_choices(page.ctx)}, "cancel": _LIST}}


@pages.form(
    f"{_LIST}/new",
    permission="core.webhook.create",
    schema=WebhookFields,
    template="webhooks/form.html",
    title=_("New webhook"),
    initial=_new,
    extra=lambda page: {"areas": queries.event_areas(page.ctx)},
    submit=_("Make the webhook"),
    sudo=True,
)
def create(page: Page, command: WebhookFields) -> Response:
    webhook, secret = operations.create(page.ctx, command)
    return _show_secret(page, webhook.number, webhook.name, secret)


@pages.get(_DELIVERIES, permission="core.webhook.view")
def list_deliveries(page: Page) -> Response:
    page.title = _("Webhook deliveries")
    page.crumbs((_("Webhooks"), _LIST), (page.title, ""))
    return page.table(
        "webhooks/deliveries.html", deliveries_table(page.ctx), queries.list_deliveries(page.ctx)
    )


@pages.get(_ONE, permission="core.webhook.view")
def show(page: Page, number: str) -> Response:
    row = queries.get(page.ctx, number)
    page.title = row["name"]
    page.crumbs((_("Webhooks"), _LIST), (page.title, ""))
    return page.render(
        "webhooks/webhook.html",
        webhook=row,
        deliveries=queries.newest_deliveries(page.ctx, row["id"], _NEWEST),
        labels=DELIVERY_LABELS,
        state=state_of(row),
        is_spared=row["paused_until"] is not None and row["paused_until"] > page.ctx.now(),
    )


def _values(page: Page, number: str) -> Mapping[str, Any]:
    row, here = queries.get(page.ctx, number), f"{_LIST}/{number}"
    page.crumbs((_("Webhooks"), _LIST), (row["name"], here), (_("Edit"), ""))
    options = {"choices": {"events": queries.event_choices(page.ctx)}, "cancel": here}
    return {**{name: row[name] for name in ("name", "url", "events", "version")}, "form_options": options}


@pages.form(
    f"{_ONE}/edit",
    permission="core.webhook.edit",
    schema=EditWebhook,
    template="webhooks/form.html",
    title=_("Change a webhook"),
    initial=_values,
    extra=lambda page, number: {"areas": queries.event_areas(page.ctx)},
    sudo=True,
)
def edit(page: Page, command: EditWebhook, number: str) -> Response:
    operations.edit(page.ctx, number, command)
    return page.redirect(f"{_LIST}/{number}", _("Saved."))


@pages.post(f"{_ONE}/secret", permission="core.webhook.edit", sudo=True)
def change_secret(page: Page, number: str) -> Response:
    webhook, secret = operations.change_secret(page.ctx, number)
    return _show_secret(page, number, webhook.name, secret)


@pages.post(f"{_ONE}/stop", permission="core.webhook.disable")
def stop(page: Page, number: str) -> Response:
    operations.stop(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", _("Nothing more is sent there."))


@pages.post(f"{_ONE}/start", permission="core.webhook.disable")
def start(page: Page, number: str) -> Response:
    operations.start(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", _("Events are sent there again."))


@pages.post(f"{_ONE}/remove", permission="core.webhook.delete", sudo=True)
def remove(page: Page, number: str) -> Response:
    operations.remove(page.ctx, number)
    return page.redirect(_LIST, _("Removed."))


@pages.post(f"{_ONE}/test", permission="core.webhook.run")
def test(page: Page, number: str) -> Response:
    operations.test(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", _("A test message is on its way."))


@pages.post(f"{_ONE}/retry", permission="core.webhook.retry")
def retry_parked(page: Page, number: str) -> Response:
    count = operations.deliver_parked_again(page.ctx, number)
    words = ngettext("{n} delivery is sent again.", "{n} deliveries are sent again.", count)
    return page.redirect(f"{_LIST}/{number}", words)


@pages.get(f"{_ONE}/deliveries/{{delivery_id:int}}", permission="core.webhook.view")
def delivery(page: Page, number: str, delivery_id: int) -> Response:
    webhook = queries.get(page.ctx, number)
    row = queries.delivery(page.ctx, webhook["id"], delivery_id)
    page.title = row["event"]
    page.crumbs((_("Webhooks"), _LIST), (webhook["name"], f"{_LIST}/{number}"), (page.title, ""))
    body = json.dumps(queries.body_of(page.ctx, delivery_id), indent=2, ensure_ascii=False)
    attempts = queries.attempts(page.ctx, delivery_id)
    return page.render(
        "webhooks/delivery.html",
        webhook=webhook,
        delivery=row,
        body=body,
        attempts=attempts,
        state_text=DELIVERY_LABELS[row["state"]],
        is_due=row["next_try_at"] <= page.ctx.now(),
    )


@pages.post(f"{_ONE}/deliveries/{{delivery_id:int}}/retry", permission="core.webhook.retry")
def retry(page: Page, number: str, delivery_id: int) -> Response:
    operations.deliver_again(page.ctx, number, delivery_id)
    return page.redirect(f"{_LIST}/{number}/deliveries/{delivery_id}", _("It is sent again."))


def _show_secret(page: Page, number: str, name: str, secret: str) -> Response:
    page.title = name
    page.crumbs((_("Webhooks"), _LIST), (name, f"{_LIST}/{number}"), (_("Secret"), ""))
    return page.render("webhooks/secret.html", secret=secret, back=f"{_LIST}/{number}")
