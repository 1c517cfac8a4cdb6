"""The REST API does what its OpenAPI document says, whatever is sent: schemathesis asks every operation."""

import os
import re
from collections import Counter
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.plugins.portal.conftest import Household, households
from trunkline.app import App
from trunkline.auth import api_keys
from trunkline.auth.models import User
from trunkline.auth.schemas import CreateApiKey
from trunkline.auth.service_accounts import operations
from trunkline.auth.service_accounts.schemas import CreateServiceAccount
from trunkline.settings.operations import save
from trunkline.testing import Browser, create_user

__all__ = ["households"]

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_PARAMETER = re.compile(r"\{([a-z_]+)\}")
#: Examples of each operation; more find more and take longer.
_EXAMPLES = int(os.environ.get("TRUNKLINE_REST_EXAMPLES", "10"))


class _Answering:
    """The application as a server runs it: what it raises after it has answered is in its log only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def noticing(message: Any) -> None:
            nonlocal answered
            answered = answered or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noticing)
        except (
            Exception
        ):  # the server logs it for who has the answer already; only without one is it the caller's
            if not answered:
                raise


class _Asker:
    """Asks every operation of the document with what schemathesis makes up, every second time about things that exist."""

    def __init__(self, client: Browser, key: str, one: Household) -> None:
        self.client, self.headers = client, {"X-API-Key": key}
        document = client.get("/api/v1/openapi.json").json()
        # Credentials are ours to send; schemathesis would make some up.
        for path in document["paths"].values():
            for operation in path.values():
                operation.pop("security", None)
        self.schema = schemathesis.openapi.from_dict(document)
        self.paths = document["paths"]
        self.fields = _fields(one)
        self.statuses: Counter[int] = Counter()
        self.wrong: dict[tuple[str, int], str] = {}
        self.done: set[str] = set()

    def ask_all(self, examples: int) -> None:
        web: Any = _Answering(self.client.app)
        with asgi.get_client(web) as session:
            for operation in sorted(_described(self.schema), key=_order):
                self._ask(operation, session, examples)

    def _ask(self, operation: Any, session: Any, examples: int) -> None:
        turns = count()

        @seed(7)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            # A key that is used again would be answered from memory, or refused.
            case.headers = {
                name: text for name, text in (case.headers or {}).items() if name != "idempotency-key"
            }
            if next(turns) % 2 == 0:
                self._make_real(case, operation)
            answer = case.call(session=session, base_url="http://testserver/api/v1", headers=self.headers)
            self._judge(operation, case, answer)

        ask()

    def _make_real(self, case: Any, operation: Any) -> None:
        for name in _PARAMETER.findall(operation.path):
            case.path_parameters[name] = self._real(operation.path.partition(f"/{{{name}}}")[0], name)
        if isinstance(case.body, dict):
            case.body.update({name: self.fields[name] for name in case.body if name in self.fields})
        if operation.method == "patch":
            case.headers["If-Match"] = "*"

    def _real(self, listed_at: str, name: str) -> str:
        """What the first thing of the list at this address is called."""
        if name == "owner":
            return "core"
        address = f"/api/v1{listed_at}".replace("{number}", self.fields["customer_number"])
        found = self.client.get(address, headers=self.headers)
        items = found.json() if found.status_code == 200 else []
        items = items["items"] if isinstance(items, dict) and "items" in items else items
        first = items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}
        return str(first.get(name, first.get("id", "1")))

    def _judge(self, operation: Any, case: Any, answer: Any) -> None:
        self.statuses[answer.status_code] += 1
        if answer.status_code < 300:
            self.done.add(operation.label)
        try:
            case.validate_response(answer, checks=_CHECKS)
        except FailureGroup as found:
            told = "; ".join(str(one) for one in found.exceptions)
            self.wrong.setdefault((operation.label, answer.status_code), told[:1000])


def _described(schema: Any) -> list[Any]:
    """Every operation; one that cannot be read fails the test here."""
    return [one.ok() for one in schema.get_all_operations()]


def _order(operation: Any) -> tuple[bool, bool, bool]:
    """What takes away or changes how everything works comes last."""
    return operation.path.startswith("/settings"), operation.method == "delete", "able" in operation.path


def _fields(one: Household) -> dict[str, Any]:
    """Values of fields by which bodies name things that exist."""
    return {
        "customer_number": one.number,
        "account_number": one.account,
        "product_code": "mobile",
        "template": "sim",
        "tariff": "retail",
        "currency": "BRL",
    }


def _key(app: App, name: str, role: str, permissions: list[str]) -> str:
    user = create_user(app, f"{name}@example.com", role)
    with app.unit_of_work() as ctx:
        command = CreateApiKey(name=name, days=1, networks="", permissions=permissions)
        return api_keys.make(ctx, ctx.session.get_one(User, user), command)[1]


def _service_key(app: App, permissions: list[str]) -> str:
    """A service account's, which does what a person's key is asked for a fresh sign-in for."""
    with app.unit_of_work() as ctx:
        account = operations.create(
            ctx, CreateServiceAccount(code="everything", name="Everything", roles=["administrator"])
        )
        command = CreateApiKey(name="everything", days=1, networks="", permissions=permissions)
        return operations.create_key(ctx, account.key, command)[1]


@pytest.mark.timeout(900)
def test_every_operation_keeps_to_its_document_whatever_is_sent(
    app: App, households: tuple[Household, Household], client: Browser
) -> None:
    with app.unit_of_work() as ctx:
        # What is asked too often is refused, and proves nothing.
        save(ctx, "core", {"requests_per_minute": 0})
    everything = [name for name, one in app.permissions.items() if one.audience == "staff"]
    asker = _Asker(client, _service_key(app, everything), households[0])
    asker.ask_all(_EXAMPLES)
    assert not asker.wrong, _told(asker.wrong)
    # Were everything refused, nothing would be proved.
    assert len(asker.done) > len(asker.paths) / 2, sorted(asker.done)
    assert {200, 201, 204, 404, 422} <= set(asker.statuses)


@pytest.mark.timeout(900)
def test_a_narrow_key_is_refused_as_the_document_says(
    app: App, households: tuple[Household, Household], client: Browser
) -> None:
    narrow = ["core.customer.list", "core.customer.view"]
    asker = _Asker(client, _key(app, "narrow", "customer_care", narrow), households[0])
    asker.ask_all(1)
    assert not asker.wrong, _told(asker.wrong)
    opened = {label for label in asker.done if "/auth/" not in label}
    assert opened == {label for label in opened if label.startswith("GET /customers")} != set()
    assert asker.statuses[403] > len(asker.paths) / 2


def _told(wrong: dict[tuple[str, int], str]) -> str:
    return "\n\n".join(f"{label} {status}: {told}" for (label, status), told in wrong.items())
