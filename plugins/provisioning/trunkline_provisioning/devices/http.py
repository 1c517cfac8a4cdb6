"""Resources of JSON interfaces (RFC 9110, RFC 8259): GET, compare, PUT, PATCH, POST or DELETE, GET again."""

import hashlib
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from trunkline_provisioning.devices.outcome import DeviceError, Outcome, masked, secrets_in, without

if TYPE_CHECKING:
    import httpx2

_LONGEST_ANSWER = 4_000_000
_MISSING = (404, 410)


@dataclass(frozen=True)
class Resource:
    """What is wanted of the resource at `url`. `body` is compared with what GET answers, field by field of the body."""

    url: str
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    create: Literal["PUT", "POST"] = "PUT"
    create_url: str = ""
    update: Literal["PUT", "PATCH", "POST"] = "PUT"
    #: Fields that the interface takes and never tells.
    write_only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Access:
    """How to get in. `timeout` is seconds for connecting and for each answer."""

    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    verify: bool = True
    ca_file: str = ""
    timeout: float = 10.0
    idempotency_key: str = ""
    idempotency_header: str = "Idempotency-Key"


class Http:
    """A JSON interface, to be used as `with Http(access) as http`."""

    def __init__(self, access: Access) -> None:
        import httpx2

        self._access = access
        self._secrets = {access.token, access.password} | secrets_in(access.headers, ("Authorization",))
        headers = {"Accept": "application/json", **access.headers}
        if access.token:
            headers["Authorization"] = f"Bearer {access.token}"
        self._client = httpx2.Client(
            headers=headers,
            auth=(access.username, access.password) if access.username else None,
            timeout=access.timeout,
            verify=_trust(access),
            # A redirect would carry credentials to another place than the playbook names.
            follow_redirects=False,
            trust_env=False,
            # A connection for each request: what a confused far end sends besides its answer is not taken for the next one.
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    def __enter__(self) -> "Http":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def put(self, wanted: Resource, *, dry_run: bool = False) -> Outcome:
        """Make the resource be as wanted. Raises DeviceError when it is refused or is not so afterwards."""
        self._secrets |= secrets_in(wanted.body, wanted.write_only)
        held = self._get(wanted.url)
        differing = _differing(wanted, held)
        before, after = self._shown(wanted, held), masked(_merged(held, wanted.body), wanted.write_only)
        if held is not None and not differing:
            return Outcome(False, f"{wanted.url}: already as wanted", before, before, {"json": before})
        words = "created" if held is None else f"changed {', '.join(differing)}"
        if not dry_run:
            method, url = (
                (wanted.create, wanted.create_url or wanted.url)
                if held is None
                else (wanted.update, wanted.url)
            )
            # PATCH takes the part that differs (RFC 5789); a PUT replaces the whole, so what is held stays in it.
            body = (
                {name: wanted.body[name] for name in (*differing, *_unseen(wanted)) if name in wanted.body}
                if held is not None and method == "PATCH"
                else _merged(held, wanted.body)
            )
            self._send(method, url, body)
            left = _differing(wanted, self._get(wanted.url))
            if left:
                raise DeviceError(
                    f"{wanted.url} took the change but does not hold it: {', '.join(left)} differ."
                )
        return Outcome(True, f"{wanted.url}: {words}", before, after, {"json": after})

    def get(self, url: str) -> Mapping[str, Any] | None:
        """What the interface holds there; None when it has no such resource. Raises DeviceError."""
        return self._get(url)

    def remove(self, url: str, *, dry_run: bool = False) -> Outcome:
        """Delete the resource; absent is fine. Raises DeviceError when it is refused or still there."""
        held = self._get(url)
        if held is None:
            return Outcome(False, f"{url}: already absent")
        if not dry_run:
            self._send("DELETE", url, None)
            if self._get(url) is not None:
                raise DeviceError(f"{url} took the deletion but is still there.")
        return Outcome(True, f"{url}: deleted", masked(held), None)

    def call(
        self, method: str, url: str, body: Mapping[str, Any] | None, *, dry_run: bool = False
    ) -> Outcome:
        """Send something that is no resource, such as a reboot. It always counts as a change."""
        self._secrets |= secrets_in(body or {})
        if dry_run:
            return Outcome(True, f"{url}: would be called")
        answer = self._send(method, url, body)
        return Outcome(True, f"{url}: called", facts={"json": masked(answer)})

    def _shown(self, wanted: Resource, held: Mapping[str, Any] | None) -> Any:
        return None if held is None else masked(held, wanted.write_only)

    def _get(self, url: str) -> Mapping[str, Any] | None:
        response = self._request("GET", url)
        if response.status_code in _MISSING:
            return None
        answer = self._checked("GET", response)
        if not isinstance(answer, Mapping):
            raise DeviceError(f"{url} answered something that is no JSON object.")
        return answer

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> Any:
        headers = {}
        if self._access.idempotency_key and self._access.idempotency_header:
            # One run may send several things: the key of each is the run's and what is sent where.
            sent = f"{method} {url} {json.dumps(body, sort_keys=True)}"
            what = hashlib.sha256(sent.encode()).hexdigest()[:12]
            headers[self._access.idempotency_header] = f"{self._access.idempotency_key}:{what}"
        response = self._request(method, url, body, headers)
        if method == "DELETE" and response.status_code in _MISSING:
            return None
        return self._checked(method, response)

    def _request(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> "httpx2.Response":
        import httpx2

        try:
            return self._client.request(method, url, json=body, headers=headers)
        except httpx2.TimeoutException:
            unknown = "" if method == "GET" else " Whether it was done is not known."
            raise DeviceError(
                f"{method} {url}: no answer within {self._access.timeout:g} s.{unknown}"
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            reason = without(str(error), self._secrets) or type(error).__name__
            raise DeviceError(f"{method} {url} failed: {reason}") from None

    def _checked(self, method: str, response: "httpx2.Response") -> Any:
        place = f"{method} {response.url}"
        if not response.is_success:
            said = " ".join(without(_reason(response), self._secrets).split())[:300]
            raise DeviceError(
                f"{place} answered {response.status_code} {response.reason_phrase}: {said}".rstrip(": ")
            )
        if len(response.content) > _LONGEST_ANSWER:
            raise DeviceError(f"{place} answered {len(response.content)} bytes, which is too much.")
        if not response.content:
            return {}
        try:
            return response.json()
        except ValueError:
            if method == "GET":
                raise DeviceError(f"{place} answered something that is no JSON.") from None
            return {}


@cache
def usual_trust() -> ssl.SSLContext:
    """Whom to trust unless a playbook says otherwise. Loading it takes longer than a request, so the fork server does it once."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


def _trust(access: Access) -> "ssl.SSLContext | bool":
    if not access.verify:
        return False
    if not access.ca_file:
        return usual_trust()
    try:
        return ssl.create_default_context(cafile=access.ca_file)
    except OSError as error:
        raise DeviceError(f"The certificates in {access.ca_file} cannot be read: {error}") from None


def _unseen(wanted: Resource) -> tuple[str, ...]:
    return tuple(name for name in wanted.write_only if name in wanted.body)


def _differing(wanted: Resource, held: Mapping[str, Any] | None) -> list[str]:
    if held is None:
        return list(wanted.body) or ["everything"]
    return [
        name
        for name, value in wanted.body.items()
        if name not in wanted.write_only and not _holds(held.get(name), value)
    ]


def _holds(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(held, Mapping) and all(
            _holds(held.get(key), value) for key, value in wanted.items()
        )
    return bool(held == wanted)


def _merged(held: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(held or {})
    for name, value in wanted.items():
        inner = merged.get(name)
        merged[name] = (
            _merged(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
        )
    return merged


def _reason(response: "httpx2.Response") -> str:
    """What the answer says in words: RFC 9457's `detail`, an `error` or `message`, else its text."""
    try:
        answer = json.loads(response.content[:_LONGEST_ANSWER])
    except ValueError:
        return response.text
    if isinstance(answer, Mapping):
        for name in ("detail", "message", "error", "title"):
            if isinstance(answer.get(name), str):
                return str(answer[name])
    return json.dumps(answer)
