"""Where sites are: looked up by a server that speaks Nominatim's language, pinned by hand, drawn on a map or not at all."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from trunkline.app import App
from trunkline.config import Config
from trunkline.customers import operations, queries
from trunkline.customers.schemas import RegisterCustomer, SiteData
from trunkline.geocoding.operations import look_up
from trunkline.settings.operations import save
from trunkline.testing import Browser, work_until_idle

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


class _Nominatim(BaseHTTPRequestHandler):
    """Knows one street."""

    asked: ClassVar[list[dict[str, list[str]]]] = []

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.asked.append(query | {"agent": [self.headers["User-Agent"]]})
        known = "Rua XV" in query["q"][0]
        found: list[dict[str, Any]] = (
            [{"lat": "-25.4296", "lon": "-49.2713", "display_name": "Rua XV de Novembro, Curitiba"}]
            if known
            else []
        )
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Silent."""


@pytest.fixture
def server() -> Iterator[str]:
    _Nominatim.asked.clear()
    listening = HTTPServer(("127.0.0.1", 0), _Nominatim)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


@pytest.fixture
def config(config: Config) -> Config:
    return config.model_copy(update={"outbound_networks": ("127.0.0.0/8",)})


def _add(app: App) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "business", "name": "Padaria", "country": "BR"})
        return operations.register(ctx, command).number


def _site(app: App, number: str, street: str) -> int:
    with app.unit_of_work() as ctx:
        return operations.add_site(ctx, number, SiteData(name=street, street=street, city="Curitiba")).key


def _settings(app: App, **values: Any) -> None:
    with app.unit_of_work() as ctx:
        save(ctx, "core", values)


def _places(app: App, number: str) -> dict[str, tuple[Any, str, str]]:
    with app.reading() as ctx:
        rows = queries.sites_of(ctx, queries.get(ctx, number).key)
        return {row.name: (row.latitude, row.located_by, row.locating) for row in rows}


@pytest.mark.both_databases
def test_addresses_leave_the_house_only_once_a_server_is_chosen(app: App, server: str) -> None:
    number = _add(app)
    key = _site(app, number, "Rua XV, 7")
    work_until_idle(app)
    assert _Nominatim.asked == []
    _settings(app, geocoding="nominatim", geocoding_url=server, geocoding_per_minute=6000)
    with app.unit_of_work() as ctx:
        look_up(ctx, number, key)
    _site(app, number, "Nowhere 1")
    _site(app, number, "Rua XV, 7 ")
    work_until_idle(app)
    assert _places(app, number)["Rua XV, 7"] == (-25.4296, "nominatim", "")
    assert _places(app, number)["Nowhere 1"] == (None, "", "unknown")
    assert [query["q"] for query in _Nominatim.asked] == [["Rua XV, 7, Curitiba"], ["Nowhere 1, Curitiba"]]
    assert _Nominatim.asked[0]["countrycodes"] == ["br"]
    assert "Trunkline" in _Nominatim.asked[0]["agent"][0]


def test_a_pin_set_by_hand_stays_when_the_address_changes(app: App, server: str, staff: Staff) -> None:
    _settings(app, geocoding="nominatim", geocoding_url=server, geocoding_per_minute=6000)
    number = _add(app)
    key = _site(app, number, "Nowhere 1")
    work_until_idle(app)
    browser = staff("customer_care")
    place = f"/customers/{number}/sites/{key}"
    half = browser.submit(f"{place}/pin", {"latitude": "-25.5", "longitude": ""})
    assert half.status_code == 422
    pinned = browser.submit(f"{place}/pin", {"latitude": "-25.5", "longitude": "-49.25"})
    assert 'href="geo:-25.500000,-49.250000"' in pinned.text
    with app.unit_of_work() as ctx:
        known = SiteData(name="Shop", street="Rua XV, 7", city="Curitiba", latitude=-25.5, longitude=-49.25)
        operations.update_site(ctx, number, key, known)
    work_until_idle(app)
    assert _places(app, number) == {"Shop": (-25.5, "manual", "")}
    browser.submit(f"{place}/locate", page=f"/customers/{number}/sites")
    work_until_idle(app)
    assert _places(app, number) == {"Shop": (-25.4296, "nominatim", "")}


def test_only_a_page_with_a_map_may_load_tiles_and_of_one_host(app: App, staff: Staff) -> None:
    number = _add(app)
    with app.unit_of_work() as ctx:
        operations.add_site(ctx, number, SiteData(name="Shop", latitude=-25.5, longitude=-49.25))
    browser = staff("customer_care")
    bare = browser.get(f"/customers/{number}/sites")
    assert "data-map" not in bare.text
    assert "maps.js" not in bare.text
    _settings(app, map_tiles="https://tiles.example.com/{z}/{x}/{y}.png")
    drawn = browser.get(f"/customers/{number}/sites")
    assert "data-map" in drawn.text
    assert "img-src 'self' data: https://tiles.example.com;" in drawn.headers["content-security-policy"]
    assert "tiles.example.com" not in browser.get(f"/customers/{number}").headers["content-security-policy"]
