"""A program that talks to Trunkline over REST."""

import secrets
from typing import Any

import httpx2

from tests.line.system import System, wait_for


class Api:
    """Somebody's program, signed in."""

    def __init__(self, system: System, email: str, password: str) -> None:
        self.client = httpx2.Client(base_url=f"{system.url}/api/v1", timeout=90)
        login = self.client.post("/auth/login", json={"email": email, "password": password})
        assert login.status_code == 200, login.text
        self.client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"

    def get(self, path: str, **params: str) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str = "") -> Any:
        """Post with an idempotency key, the way a program should."""
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        answer = self.client.post(path, json=body or {}, headers=headers)
        assert answer.status_code in (200, 201, 202), f"POST {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def refused(self, path: str, body: dict[str, Any], status: int) -> Any:
        """Post what must be refused; returns the problem (RFC 9457)."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()

    def order_is_over(self, number: str, *, within: float = 120) -> Any:
        """The order as soon as nothing is at work on it any more."""

        def over() -> Any:
            order = self.get(f"/catalog/orders/{number}")
            return order if order["state"] != "in_progress" else None

        return wait_for(over, f"the end of {number}", within=within)
