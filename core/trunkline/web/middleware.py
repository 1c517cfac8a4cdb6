"""Pure ASGI layers around everything: request id, security headers, known hosts, body limit."""

import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.config import Config
from trunkline.loopback import is_loopback

log = logging.getLogger("trunkline.access")
_LINKS = ("/set-password/", "/confirm-email/", "/keep-email/", "/accept-contract/")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

#: Pages run no inline script; style attributes (widths of meters) are allowed, style elements are not.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; style-src-elem 'self'; style-src-attr 'unsafe-inline'; "
    "script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": (
        "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
}
_RAW_HEADERS = tuple((name.encode(), value.encode()) for name, value in _HEADERS.items())
_ALWAYS_HTTPS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NOT_KEPT = (b"cache-control", b"no-store")
#: Answers under these are everybody's; all others belong to who asked, and no cache may keep them.
_SHARED = "/static/"
#: What asks whether the system lives knows it by any name; these answers hold no address.
_ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})
#: A name or IPv4 address, or an IPv6 address in brackets, and a port.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:]+)\]|([A-Za-z0-9_.-]+))(?::[0-9]*)?")


class RequestId:
    """Gives every request an id (a sane `X-Request-Id` is kept), logs it, and answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            took = (time.perf_counter() - began) * 1000
            log.info(
                "%s %s %s %.1f ms %s", scope["method"], _loggable(scope["path"]), status, took, request_id
            )


def _loggable(path: str) -> str:
    """The path without the secret that a mailed link carries in it."""
    return next((f"{link}…" for link in _LINKS if path.startswith(link)), path)


class SecurityHeaders:
    """Adds the headers that browsers enforce, unless the answer brought its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                wanted = [*_RAW_HEADERS]
                if scope["scheme"] == "https":
                    wanted.append(_ALWAYS_HTTPS)
                if not scope["path"].startswith(_SHARED):
                    wanted.append(_NOT_KEPT)
                brought = {name.lower() for name, _value in message.get("headers", ())}
                message["headers"] = [
                    *message.get("headers", ()),
                    *(header for header in wanted if header[0] not in brought),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def known_hosts(config: Config) -> frozenset[str]:
    """The names of `hosts` and `base_url`, which the system answers to beside this machine's own; none: to any."""
    named = {name.lower() for name in config.hosts}
    if config.base_url:
        named.add(urlsplit(config.base_url).hostname or "")
    return frozenset(named)


def answers_to(name: str, hosts: frozenset[str]) -> bool:
    """Whether a host name is one of `hosts` or means this machine; without hosts any is."""
    return not hosts or name in hosts or is_loopback(name)


class KnownHosts:
    """Refuses requests for a host that is not one of ours with 400 (OWASP ASVS 5, 13.4.7): links and origins rest on it."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in _ANY_HOST:
            await self.app(scope, receive, send)
            return
        asked = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(asked) == 1 and answers_to(_host_name(asked[0]), self.hosts):
            await self.app(scope, receive, send)
            return
        shown = "".join(sign for sign in ", ".join(asked) if sign.isprintable())[:100]
        await _refuse(
            scope,
            send,
            400,
            "Unknown host",
            f"Nothing here is called “{shown}”. If it should be, add it to hosts in the configuration.",
        )


def _host_name(header: str) -> str:
    """The name in a Host header, without its port; empty when it is malformed."""
    found = _HOST.fullmatch(header)
    return (found.group(1) or found.group(2)).lower() if found else ""


class PlainAddresses:
    """Refuses addresses with the character NUL in them, which nothing of ours is called, with 400."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            await _refuse(scope, send, 400, "Unknown address", "No address of ours holds the character NUL.")
            return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses bodies with more bytes than their address takes with 413, whether announced or streamed.

    `limits` holds the beginnings of addresses; the first that fits counts. `page` writes the answer for a browser, and nothing
    where a line of text does.
    """

    def __init__(
        self,
        app: ASGIApp,
        limits: Sequence[tuple[str, int]],
        page: Callable[[Scope], str] = lambda _scope: "",
    ) -> None:
        self.app, self.page = app, page
        self.limits = tuple(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = next((most for beginning, most in self.limits if scope["path"].startswith(beginning)), 0)
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            await self._too_large(scope, send)
            return
        seen, exceeded, answering = 0, False, False

        async def counted() -> Message:
            nonlocal seen, exceeded
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                exceeded = True
                raise BodyTooLarge
            return message

        async def guarded(message: Message) -> None:
            nonlocal answering
            # Who reads the body may take the exception for a broken body; ours is the answer that counts.
            if answering or not exceeded:
                answering = True
                await send(message)

        try:
            await self.app(scope, counted, guarded)
        except Exception:  # whatever reading half a body led to; without our having cut it off it goes on up
            if not exceeded:
                raise
        if exceeded and not answering:
            await self._too_large(scope, send)

    async def _too_large(self, scope: Scope, send: Send) -> None:
        detail = "That is more than this address accepts. Send a smaller file."
        await _refuse(scope, send, 413, "Too large", detail, html=self.page(scope))


class BodyTooLarge(Exception):
    """More was sent than is accepted."""


async def _refuse(scope: Scope, send: Send, status: int, title: str, detail: str, *, html: str = "") -> None:
    """Answer in words, and programs with a problem document (RFC 9457)."""
    kind, body = ("text/html; charset=utf-8", html) if html else ("text/plain; charset=utf-8", detail)
    if scope["path"].startswith("/api/"):
        request_id = scope.get("state", {}).get("request_id", "")
        problem = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": detail,
            "request_id": request_id,
        }
        kind, body = "application/problem+json", json.dumps(problem)
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind.encode())]}
    )
    await send({"type": "http.response.body", "body": body.encode()})
