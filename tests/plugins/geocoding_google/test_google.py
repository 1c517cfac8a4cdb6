"""Sites looked up by Google: a server on this machine answers in the shapes that the Geocoding API documents."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.config import Config
from trunkline.customers import operations, queries
from trunkline.customers.schemas import RegisterCustomer, SiteData
from trunkline.errors import Refused, Unavailable
from trunkline.geocoding.operations import start_if_waiting
from trunkline.geocoding.providers import check
from trunkline.health import reports
from trunkline.plugin import Health
from trunkline.providers import Place
from trunkline.settings.operations import save
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle
from trunkline_geocoding_google.checking import connection
from trunkline_geocoding_google.provider import GoogleGeocoding
from trunkline_geocoding_google.settings import GoogleGeocodingSettings

pytestmark = pytest.mark.plugins("geocoding_google")
KEY = "AIzaSyNobodysKeyOfNoProject0123456789ab"


def _found(kind: str = "ROOFTOP", **more: Any) -> dict[str, Any]:
    """An answer to an address, as Google documents it."""
    at = {"lat": -25.4296, "lng": -49.2713}
    one = {
        "address_components": [{"long_name": "7", "short_name": "7", "types": ["street_number"]}],
        "formatted_address": "Rua XV de Novembro, 7 - Centro, Curitiba - PR, 80020-310, Brazil",
        "geometry": {
            "location": at,
            "location_type": kind,
            "viewport": {"northeast": at, "southwest": at},
        },
        "place_id": "ChIJ2eUgeAK6j4ARbn5u_wAGqWA",
        "types": ["street_address"],
        **more,
    }
    return {"results": [one], "status": "OK"}


class _Google(BaseHTTPRequestHandler):
    """Says what it was told to say."""

    asked: ClassVar[list[dict[str, list[str]]]] = []
    says: ClassVar[Any] = None
    status: ClassVar[int] = 200

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        assert parts.path == "/maps/api/geocode/json"
        self.asked.append(parse_qs(parts.query))
        body = self.says if isinstance(self.says, bytes) else json.dumps(self.says).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Silent."""


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Google]]:
    _Google.asked, _Google.says, _Google.status = [], _found(), 200
    listening = HTTPServer(("127.0.0.1", 0), _Google)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    place = f"http://127.0.0.1:{listening.server_port}"
    monkeypatch.setattr("trunkline_geocoding_google.provider.SERVER", place)
    yield _Google
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 11, 2, 12, tzinfo=UTC))


@pytest.fixture
def config(config: Config) -> Config:
    return config.model_copy(update={"outbound_networks": ("127.0.0.0/8",)})


def _settings(app: App, **values: Any) -> None:
    with app.unit_of_work() as ctx:
        save(ctx, "geocoding_google", {"api_key": KEY, **values})


def _choose(app: App, name: str = "google") -> None:
    with app.unit_of_work() as ctx:
        save(ctx, "core", {"geocoding": name, "geocoding_per_minute": 6000})


def _site(app: App, street: str = "Rua XV, 7") -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "business", "name": "Padaria", "country": "BR"})
        number = operations.register(ctx, command).number
        operations.add_site(ctx, number, SiteData(name="Shop", street=street, city="Curitiba"))
        return number


def _place(app: App, number: str) -> tuple[Any, str, str]:
    with app.reading() as ctx:
        (row,) = queries.sites_of(ctx, queries.get(ctx, number).key)
        return row.latitude, row.located_by, row.locating


def _locate(app: App, **values: Any) -> Place | None:
    settings = GoogleGeocodingSettings.model_validate({"api_key": KEY, **values})
    return GoogleGeocoding(app.config, settings).locate("Rua XV, 7, Curitiba", "BR")


@pytest.mark.both_databases
def test_a_sites_address_is_looked_up_once_google_is_chosen(app: App, google: type[_Google]) -> None:
    _settings(app, language="pt-BR")
    number = _site(app)
    work_until_idle(app)
    assert google.asked == []
    _choose(app)
    other = _site(app)
    work_until_idle(app)
    assert _place(app, number) == (None, "", "")
    assert _place(app, other) == (-25.4296, "google", "")
    assert google.asked == [
        {
            "address": ["Rua XV, 7, Curitiba"],
            "components": ["country:BR"],
            "region": ["br"],
            "language": ["pt-BR"],
            "key": [KEY],
        }
    ]


@pytest.mark.parametrize(
    ("answer", "rough"),
    [
        (_found("ROOFTOP"), False),
        (_found("RANGE_INTERPOLATED"), False),
        (_found("GEOMETRIC_CENTER"), True),
        (_found("APPROXIMATE"), True),
        (_found("ROOFTOP", partial_match=True), True),
    ],
)
def test_what_is_found_only_about_says_so(
    app: App, google: type[_Google], answer: dict[str, Any], rough: bool
) -> None:
    google.says = answer
    found = _locate(app)
    assert found is not None
    assert (found.latitude, found.longitude, found.rough) == (-25.4296, -49.2713, rough)


def test_an_address_that_google_does_not_know_is_no_error(app: App, google: type[_Google]) -> None:
    google.says = {"results": [], "status": "ZERO_RESULTS"}
    assert _locate(app) is None
    _settings(app)
    _choose(app)
    number = _site(app, "Nowhere 1")
    work_until_idle(app)
    assert _place(app, number) == (None, "", "unknown")


#: What Google says, how it is taken, and words of what people read.
REFUSALS: Sequence[tuple[str, str, type[Exception], str]] = [
    ("OVER_QUERY_LIMIT", "You have exceeded your rate-limit for this API.", Unavailable, "Raise the quota"),
    ("OVER_DAILY_LIMIT", "You must enable Billing on the project.", Unavailable, "the billing"),
    ("REQUEST_DENIED", "The provided API key is invalid.", Unavailable, "Google refuses the API key"),
    ("INVALID_REQUEST", "Invalid request. Missing the 'address' parameter.", Refused, "pin the site"),
    ("UNKNOWN_ERROR", "", Unavailable, "It is asked again by itself"),
    ("SOMETHING_NEW", "", Unavailable, "SOMETHING_NEW"),
]


@pytest.mark.parametrize(("status", "said", "kind", "words"), REFUSALS)
def test_each_refusal_is_told_in_words_with_googles_own_reason(
    app: App, google: type[_Google], status: str, said: str, kind: type[Exception], words: str
) -> None:
    google.says = {"results": [], "status": status, "error_message": said and f"{said} {KEY}"}
    with pytest.raises(kind) as caught:
        _locate(app)
    assert words in str(caught.value)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)
    google.says = {"results": [], "status": status}
    with pytest.raises(kind, match=status):
        _locate(app)


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"{}"), (503, b"busy"), (200, b"<html>"), (200, b"{}"), (403, b"no")]
)
def test_an_answer_in_no_such_shape_is_asked_for_again(
    app: App, google: type[_Google], status: int, body: bytes
) -> None:
    google.says, google.status = body, status
    with pytest.raises(Unavailable, match=f"HTTP {status}"):
        _locate(app)


def test_nobody_there_is_asked_for_again(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = HTTPServer(("127.0.0.1", 0), _Google)
    closed.server_close()
    monkeypatch.setattr(
        "trunkline_geocoding_google.provider.SERVER", f"http://127.0.0.1:{closed.server_port}"
    )
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 does not answer"):
        _locate(app)


def test_while_the_key_is_refused_addresses_wait_instead_of_failing_one_by_one(
    app: App, google: type[_Google], clock: StandingClock
) -> None:
    _settings(app)
    _choose(app)
    google.says = {
        "results": [],
        "status": "REQUEST_DENIED",
        "error_message": "The provided API key is invalid.",
    }
    numbers = [_site(app), _site(app, "Rua XV, 9")]
    work_until_idle(app)
    assert [_place(app, number) for number in numbers] == [(None, "", "waiting")] * 2
    assert len(google.asked) == 1
    google.says = _found()
    clock.pass_time(minutes=6)
    work_until_idle(app)
    assert [_place(app, number) for number in numbers] == [(-25.4296, "google", "")] * 2


def test_the_key_is_nowhere_but_in_the_call(
    app: App, google: type[_Google], staff: Callable[..., Browser], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _settings(app)
    _choose(app)
    browser = staff("administrator")
    pages = [browser.get("/settings/geocoding_google").text]
    for status in ("REQUEST_DENIED", "INVALID_REQUEST", "OVER_QUERY_LIMIT"):
        google.says = {"results": [], "status": status, "error_message": f"Not with {KEY}"}
        _site(app, f"Rua {status}")
        work_until_idle(app)
        tried = browser.submit(
            "/settings/geocoding_google/connections/geocoding", page="/settings/geocoding_google"
        )
        assert "Not with …" in tried.text
        pages.append(tried.text)
    google.says, google.status = f"<html>{KEY}".encode(), 502
    pages.append(
        browser.submit(
            "/settings/geocoding_google/connections/geocoding", page="/settings/geocoding_google"
        ).text
    )
    assert len([query for query in google.asked if query["key"] == [KEY]]) == len(google.asked) > 4
    assert not [page for page in pages if KEY in page]
    assert KEY not in caplog.text
    with app.reading() as ctx:
        tables = ctx.session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
        for table in tables:
            rows = ctx.session.execute(text(f'SELECT * FROM "{table}"')).all()  # noqa: S608  # names of our own tables
            assert KEY not in str(rows), table


def test_a_key_that_cannot_be_one_is_refused_and_not_shown_again(
    app: App, staff: Callable[..., Browser], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bad = f"{KEY} {KEY}"
    browser = staff("administrator")
    page = "/settings/geocoding_google"
    sent = {"api_key": bad, "timeout_seconds": "8", "keep_days": "30", "version": "0"}
    refused = browser.submit(page, sent)
    assert refused.status_code == 422
    assert "It is one word" in refused.text
    create_user(app, "program@example.com", "administrator")
    login = {"email": "program@example.com", "password": PASSWORD}
    token = browser.post("/api/v1/auth/login", json=login).json()["access_token"]
    answer = browser.patch(
        "/api/v1/settings/geocoding_google",
        json={"values": {"api_key": bad}},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 422
    for text_ in (
        refused.text,
        answer.text,
        browser.get(page).text,
        browser.get("/activity").text,
        caplog.text,
    ):
        assert KEY not in text_


def test_the_test_of_the_connection_says_whether_google_is_asked_at_all(
    app: App, google: type[_Google]
) -> None:
    with app.reading() as ctx, pytest.raises(Unavailable, match="no API key"):
        connection(ctx)
    _settings(app)
    with app.reading() as ctx:
        assert "not asked yet" in connection(ctx)
    _choose(app)
    with app.reading() as ctx:
        assert "Rua XV de Novembro" in connection(ctx)
        assert "Rua XV de Novembro" in check(ctx)


def test_google_without_a_key_is_a_line_of_the_status_page(app: App) -> None:
    def line() -> list[Health]:
        with app.reading() as ctx:
            return [report.health for _section, report in reports(ctx) if "Google" in report.name]

    assert line() == []
    _choose(app)
    assert line() == [Health.WARNING]
    _settings(app)
    assert line() == []


def test_places_of_google_carry_its_name_and_stay_off_other_maps(
    app: App, google: type[_Google], staff: Callable[..., Browser]
) -> None:
    _settings(app)
    _choose(app)
    with app.unit_of_work() as ctx:
        save(ctx, "core", {"map_tiles": "https://tiles.example.com/{z}/{x}/{y}.png"})
    google.says = _found("APPROXIMATE")
    number = _site(app)
    work_until_idle(app)
    browser = staff("customer_care")
    shown = browser.get(f"/customers/{number}/sites").text
    assert "Google Maps" in shown
    assert "Approximate" in shown
    assert "data-map" not in shown
    _settings(app, other_maps=True)
    assert "data-map" in browser.get(f"/customers/{number}/sites").text


@pytest.mark.both_databases
def test_places_are_forgotten_when_their_time_is_over_and_asked_for_again(
    app: App, google: type[_Google], clock: StandingClock
) -> None:
    _settings(app, keep_days=30)
    _choose(app)
    number = _site(app)
    work_until_idle(app)
    clock.pass_time(days=29)
    # A second site of that address is answered from what was kept, and is as old as that.
    second = _site(app)
    work_until_idle(app)
    assert len(google.asked) == 1
    clock.pass_time(days=2)
    google.says = {"results": [], "status": "ZERO_RESULTS"}
    with app.unit_of_work() as ctx:
        start_if_waiting(ctx)
    work_until_idle(app)
    assert [_place(app, one) for one in (number, second)] == [(None, "", "unknown")] * 2


def test_places_are_forgotten_too_once_another_provider_is_chosen(
    app: App, google: type[_Google], clock: StandingClock
) -> None:
    _settings(app, keep_days=30)
    _choose(app)
    number = _site(app)
    work_until_idle(app)
    _choose(app, "")
    clock.pass_time(days=31)
    with app.unit_of_work() as ctx:
        start_if_waiting(ctx)
    assert _place(app, number) == (None, "", "")
