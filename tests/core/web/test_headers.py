"""What every answer carries, whose word about the client counts, and which names the system answers to."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from trunkline.app import App
from trunkline.config import Config
from trunkline.errors import ConfigError
from trunkline.jobs.wake import Silent
from trunkline.testing import Browser, create_user
from trunkline.web.app import make_web

pytestmark = pytest.mark.plugins()

#: Pages and answers of each kind: before and after signing in, REST, what is not there, and what is wrong.
_ANSWERS = [
    "/sign-in",
    "/",
    "/users",
    "/nowhere",
    "/api/v1/users",
    "/api/v1/nowhere",
    "/api/v2",
    "/api/v1/docs",
]


@pytest.fixture
def configured(config: Config) -> Callable[..., Browser]:
    """A client at an address of a system whose configuration has these keys."""

    def make(address: str = "192.0.2.1", host: str = "testserver", **keys: Any) -> Browser:
        app = App.start(Config(**{**config.model_dump(), **keys}), waker=Silent())
        return Browser(make_web(app), base_url=f"http://{host}", client=(address, 4711))

    return make


@pytest.mark.parametrize("path", _ANSWERS)
def test_every_answer_tells_browsers_to_be_strict(path: str, staff: Callable[..., Browser]) -> None:
    headers = staff().get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert (policy["script-src"], policy["style-src-elem"]) == ("'self'", "'self'")
    assert (policy["object-src"], policy["base-uri"], policy["frame-ancestors"]) == ("'none'",) * 3
    assert "unsafe-eval" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "microphone=()" in headers["permissions-policy"]
    assert "no-store" in headers["cache-control"]
    assert "strict-transport-security" not in headers


def test_only_the_word_of_a_trusted_proxy_counts(configured: Callable[..., Browser]) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.4", "X-Forwarded-Proto": "https"}
    keys = {"trusted_proxies": ("10.0.0.0/8",)}
    behind, direct = configured("10.1.2.3", **keys), configured("192.0.2.1", **keys)
    assert "max-age" in behind.get("/sign-in", headers=forwarded).headers["strict-transport-security"]
    assert "strict-transport-security" not in direct.get("/sign-in", headers=forwarded).headers
    for client, seen in ((behind, "198.51.100.4"), (direct, "192.0.2.1")):
        secret = _key_for(client, "198.51.100.4")
        answer = client.get("/api/v1/users", headers={**forwarded, "X-API-Key": secret})
        assert answer.status_code == (200 if seen == "198.51.100.4" else 403), answer.text
        assert seen == "198.51.100.4" or f"from {seen}" in answer.json()["detail"]


def _key_for(client: Browser, network: str) -> str:
    from tests.core.auth.test_rest_sign_in import api_key

    app: App = client.app.state.app  # type: ignore[attr-defined]  # Starlette's
    return api_key(app, create_user(app, f"{id(client)}@example.com", "administrator"), networks=network)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bss.example.com", 200),
        ("BSS.example.com:8443", 200),
        ("portal.example.com", 200),
        ("localhost:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
        ("bss.example.com.evil.example", 400),
        ("evil.example#bss.example.com", 400),
        ("evil.example@", 400),
        ("bss.example.com/@evil.example", 400),
        ("", 400),
    ],
)
def test_a_name_that_is_not_ours_is_refused_and_the_setting_named(
    configured: Callable[..., Browser], asked: str, status: int
) -> None:
    client = configured(base_url="https://bss.example.com", hosts=("portal.example.com",))
    answer = client.get("/sign-in", headers={"Host": asked})
    assert answer.status_code == status
    if status == 400:
        assert "add it to hosts in the configuration" in answer.text
        assert "`" not in answer.text
        problem = client.get("/api/v1/users", headers={"Host": asked})
        assert (problem.status_code, problem.headers["content-type"]) == (400, "application/problem+json")
        assert problem.json()["request_id"] == problem.headers["x-request-id"]
    assert client.get("/healthz", headers={"Host": asked}).status_code == 200


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("trusted_proxies", ["proxy.example.com"], "name each proxy by its address"),
        ("trusted_proxies", ["*"], "name each proxy by its address"),
        ("hosts", ["https://bss.example.com/"], "without scheme"),
    ],
)
def test_a_proxy_or_host_that_is_none_stops_the_start(
    tmp_path: Any, key: str, value: list[str], said: str
) -> None:
    (tmp_path / "trunkline.toml").write_text(f"{key} = {json.dumps(value)}\n")
    with pytest.raises(ConfigError, match=said) as refused:
        Config.load(tmp_path / "trunkline.toml")
    assert (refused.value.field or "").startswith(key)


def test_a_body_larger_than_its_address_takes_is_refused_before_it_is_read(client: Browser) -> None:
    for path, most, kind in (
        ("/sign-in", 20_000_000, "text/plain"),
        ("/imports", 110_000_000, "text/plain"),
        ("/api/v1/auth/login", 10_000_000, "application/problem+json"),
    ):
        answer = client.post(path, content=b"x", headers={"Content-Length": str(most + 1)})
        assert answer.status_code == 413
        assert answer.headers["content-type"].startswith(kind)
        assert "nosniff" in answer.headers["x-content-type-options"]


def test_who_uploads_too_much_in_a_browser_gets_a_page_that_leads_back(client: Browser) -> None:
    asks = {"Content-Length": "20000001", "Accept": "text/html,*/*", "Accept-Language": "pt-BR"}
    answer = client.post("/customers/C000001/files/new", content=b"x", headers=asks)
    assert answer.status_code == 413
    assert '<html lang="pt-BR"' in answer.text
    assert 'href="/customers/C000001/files/new"' in answer.text


def test_a_body_that_does_not_say_its_size_is_cut_off(client: Browser) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 1_000_000
            yield b" " * 1_000_000

    answer = client.post(
        "/api/v1/auth/login", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_what_is_not_there_is_a_problem_document_for_programs(client: Browser) -> None:
    for path in ("/api/v1/nowhere", "/api/v2/users", "/api"):
        answer = client.get(path)
        expected = "text/html" if path == "/api" else "application/problem+json"
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, expected)
