"""Another system that takes what webhooks send, and what is done to have something sent."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.webhooks import operations
from trunkline.webhooks.schemas import WebhookFields
from trunkline.webhooks.sending import due_endpoints, send_due


class Listening(BaseHTTPRequestHandler):
    """Another system's endpoint: answers as told (200 when not told) and keeps what it took."""

    answers: ClassVar[list[int]] = []
    taken: ClassVar[list[tuple[dict[str, str], bytes]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.answers.pop(0) if self.answers else 200
        self.taken.append((dict(self.headers.items()), body))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"thank you")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the base class says so
        """Nothing on the terminal."""


def make(app: App, url: str, *events: str) -> tuple[str, str]:
    with app.unit_of_work() as ctx:
        webhook, secret = operations.create(ctx, WebhookFields(name="CRM", url=url, events=list(events)))
        return webhook.number, secret


def register(app: App, name: str = "Ana Souza") -> str:
    with app.unit_of_work() as ctx:
        return customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name=name)).number


def send(app: App) -> None:
    while endpoints := due_endpoints(app):
        for endpoint in endpoints:
            send_due(app, endpoint)


def types() -> list[str]:
    return [json.loads(body)["type"] for _headers, body in Listening.taken]
