"""REST: endpoints and what is delivered to them."""

from typing import Any

from trunkline.operation import Context
from trunkline.rest.concurrency import if_match
from trunkline.rest.paging import Listing, ListParams, list_params, read_list
from trunkline.rest.routing import RestRoutes
from trunkline.webhooks import operations, queries
from trunkline.webhooks.schemas import (
    EditWebhook,
    MadeWebhookOut,
    RetriedOut,
    RetryDeliveries,
    WebhookDeliveryDetail,
    WebhookDeliveryOut,
    WebhookFields,
    WebhookOut,
)
from trunkline.webhooks.tables import WEBHOOKS, deliveries_table

webhooks = RestRoutes("/webhooks", "webhooks")
_VIEW, _EDIT = "core.webhook.view", "core.webhook.edit"


@webhooks.get("", permission="core.webhook.list", table=WEBHOOKS)
def list_webhooks(ctx: Context, params: ListParams = list_params) -> Listing[WebhookOut]:
    """Endpoints that hear of events."""
    return read_list(ctx, WEBHOOKS, queries.list_webhooks(ctx), params, WebhookOut)


@webhooks.get("/events", permission="core.webhook.list")
def list_events(ctx: Context) -> list[str]:
    """Names of the events that an endpoint can choose."""
    return [name for name, _label in queries.event_choices(ctx)]


@webhooks.get("/deliveries", permission=_VIEW, table=deliveries_table)
def list_all_deliveries(ctx: Context, params: ListParams = list_params) -> Listing[WebhookDeliveryOut]:
    """What was and is to be delivered, to every endpoint."""
    return read_list(ctx, deliveries_table(ctx), queries.list_deliveries(ctx), params, WebhookDeliveryOut)


@webhooks.get("/{number}", permission=_VIEW)
def show(ctx: Context, number: str) -> WebhookOut:
    """One endpoint."""
    return _webhook(ctx, number)


@webhooks.post("", permission="core.webhook.create", sudo=True, by_service=True)
def create(ctx: Context, command: WebhookFields) -> MadeWebhookOut:
    """Make an endpoint. The answer holds the secret that signs its messages, for the only time."""
    webhook, secret = operations.create(ctx, command)
    return MadeWebhookOut(**_webhook(ctx, webhook.number).model_dump(), secret=secret)


@webhooks.patch("/{number}", permission=_EDIT, sudo=True, by_service=True)
def edit(ctx: Context, number: str, command: EditWebhook, version: int | None = if_match) -> WebhookOut:
    """Change name, address and events."""
    operations.edit(ctx, number, command.model_copy(update={"version": version}))
    return _webhook(ctx, number)


@webhooks.delete("/{number}", permission="core.webhook.delete", sudo=True, by_service=True)
def remove(ctx: Context, number: str) -> None:
    """Forget an endpoint with its deliveries."""
    operations.remove(ctx, number)


@webhooks.post("/{number}/secret", permission=_EDIT, status=200, sudo=True, by_service=True)
def change_secret(ctx: Context, number: str) -> MadeWebhookOut:
    """Give it a new secret; the former one signs beside it for another day."""
    _changed, secret = operations.change_secret(ctx, number)
    return MadeWebhookOut(**_webhook(ctx, number).model_dump(), secret=secret)


@webhooks.post("/{number}/stop", permission="core.webhook.disable", status=200)
def stop(ctx: Context, number: str) -> WebhookOut:
    """Send nothing more there."""
    operations.stop(ctx, number)
    return _webhook(ctx, number)


@webhooks.post("/{number}/start", permission="core.webhook.disable", status=200)
def start(ctx: Context, number: str) -> WebhookOut:
    """Send there again, beginning with what waits."""
    operations.start(ctx, number)
    return _webhook(ctx, number)


@webhooks.post("/{number}/test", permission="core.webhook.run", status=202)
def test(ctx: Context, number: str) -> WebhookOut:
    """Send a test message."""
    operations.test(ctx, number)
    return _webhook(ctx, number)


@webhooks.post("/{number}/retry", permission="core.webhook.retry", status=202)
def retry_parked(ctx: Context, number: str) -> WebhookOut:
    """Send again everything that was given up on."""
    operations.deliver_parked_again(ctx, number)
    return _webhook(ctx, number)


@webhooks.get("/{number}/deliveries", permission=_VIEW, table=deliveries_table)
def list_deliveries(
    ctx: Context, number: str, params: ListParams = list_params
) -> Listing[WebhookDeliveryOut]:
    """What was and is to be delivered there."""
    statement = queries.list_deliveries(ctx, queries.get(ctx, number)["id"])
    return read_list(ctx, deliveries_table(ctx), statement, params, WebhookDeliveryOut)


@webhooks.get("/{number}/deliveries/{delivery_id}", permission=_VIEW)
def delivery(ctx: Context, number: str, delivery_id: int) -> WebhookDeliveryDetail:
    """One delivery with its body and every try."""
    return _delivery(ctx, number, delivery_id)


def _delivery(ctx: Context, number: str, delivery_id: int) -> WebhookDeliveryDetail:
    row = queries.delivery(ctx, queries.get(ctx, number)["id"], delivery_id)
    more: dict[str, Any] = {
        "body": queries.body_of(ctx, delivery_id),
        "attempts": [dict(attempt) for attempt in queries.attempts(ctx, delivery_id)],
    }
    return WebhookDeliveryDetail.model_validate({**row, **more})


@webhooks.post("/{number}/deliveries/{delivery_id}/retry", permission="core.webhook.retry", status=202)
def retry(ctx: Context, number: str, delivery_id: int) -> WebhookDeliveryDetail:
    """Send one delivery again, under the id it had."""
    operations.deliver_again(ctx, number, delivery_id)
    return _delivery(ctx, number, delivery_id)


@webhooks.post("/{number}/deliveries/retry", permission="core.webhook.retry", status=202)
def retry_these(ctx: Context, number: str, command: RetryDeliveries) -> RetriedOut:
    """Send some deliveries again, whatever became of them, by their `id`."""
    return RetriedOut(retried=operations.deliver_these_again(ctx, number, command.ids))


def _webhook(ctx: Context, number: str) -> WebhookOut:
    return WebhookOut.model_validate(dict(queries.get(ctx, number)))
