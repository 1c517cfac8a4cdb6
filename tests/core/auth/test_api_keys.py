"""What a key may: from where, how often, and what is remembered of its use."""

from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from tests.clock import StandingClock
from tests.core.auth.test_rest_sign_in import USERS, api_key
from trunkline.app import App
from trunkline.auth.models import ApiKey
from trunkline.auth.networks import lies_in, read_networks
from trunkline.rest import limiting
from trunkline.settings import operations as settings
from trunkline.testing import Browser, create_user
from trunkline.web.app import make_web

pytestmark = pytest.mark.plugins()


@pytest.fixture
def at(app: App) -> Callable[[str], Browser]:
    """A client at a network address."""
    web = make_web(app)
    return lambda address: Browser(web, client=(address, 4711))


@pytest.fixture
def root(app: App) -> int:
    return create_user(app, "root@example.com", "administrator")


@pytest.mark.both_databases
def test_a_key_works_from_its_networks_only(
    app: App, root: int, at: Callable[[str], Browser], staff: Callable[..., Browser]
) -> None:
    secret = api_key(app, root, networks="192.0.2.0/24, 2001:db8::/32")
    for address, status in (
        ("192.0.2.77", 200),
        ("::ffff:192.0.2.77", 200),
        ("2001:db8::5", 200),
        ("192.0.3.1", 403),
        ("2001:db9::5", 403),
        ("elsewhere", 403),
    ):
        answer = at(address).get(USERS, headers={"X-API-Key": secret})
        assert answer.status_code == status, address
        if status == 403:
            assert f"may not be used from {address}" in answer.json()["detail"]


def test_a_network_that_is_none_is_named_on_the_form(staff: Callable[..., Browser]) -> None:
    answer = staff().submit(
        "/profile/api-keys/new", {"name": "Exporter", "days": "30", "networks": "10.0.0.0/8, 192.0.2.7/24"}
    )
    assert answer.status_code == 422
    assert "did you mean 192.0.2.0/24?" in answer.text


@pytest.mark.parametrize("text", ["10.0.0.256", "example.com", "10.0.0.0/33", "::1/129", "1"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no address and no network"):
        read_networks(text)


def test_networks_are_kept_in_their_shortest_form_each_once() -> None:
    assert read_networks("192.0.2.7\n2001:0DB8::/32; 192.0.2.7/32") == ["192.0.2.7/32", "2001:db8::/32"]
    assert lies_in("192.0.2.7", []) is False


@pytest.mark.both_databases
def test_the_last_use_is_written_with_its_address_once_a_minute_at_most(
    app: App, root: int, at: Callable[[str], Browser], clock: StandingClock
) -> None:
    secret, began = api_key(app, root), clock.moment
    written: list[str] = []

    @event.listens_for(app.database.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE core_api_key"):
            written.append(statement)

    for seconds in (0, 30, 29):
        clock.pass_time(seconds=seconds)
        assert at("192.0.2.1").get(USERS, headers={"X-API-Key": secret}).status_code == 200
    assert (_key(app).last_used_at, _key(app).last_used_from, len(written)) == (began, "192.0.2.1", 1)
    clock.pass_time(seconds=1)
    at("192.0.2.9").get(USERS, headers={"X-API-Key": secret})
    assert (_key(app).last_used_at, _key(app).last_used_from) == (clock.moment, "192.0.2.9")
    assert _key(app).version == 1


def _key(app: App) -> ApiKey:
    with app.reading() as ctx:
        key = ctx.session.scalars(select(ApiKey)).one()
        ctx.session.expunge(key)
        return key


@pytest.fixture
def _three_a_minute(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "_BELIEVED", 0)
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"requests_per_minute": 3})


@pytest.mark.usefixtures("_three_a_minute")
def test_a_program_that_asks_too_often_is_told_when_to_go_on(
    app: App, root: int, at: Callable[[str], Browser], clock: StandingClock
) -> None:
    one, other = api_key(app, root), api_key(app, root)
    client = at("192.0.2.1")
    told = [client.get(USERS, headers={"X-API-Key": one}) for _n in range(4)]
    assert [answer.status_code for answer in told] == [200, 200, 200, 429]
    assert told[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert [answer.headers["ratelimit"] for answer in told[:2]] == [
        '"default";r=2;t=60',
        '"default";r=1;t=60',
    ]
    assert told[3].headers["content-type"] == "application/problem+json"
    assert (told[3].headers["retry-after"], told[3].json()["status"]) == ("60", 429)
    assert client.get(USERS, headers={"X-API-Key": other}).status_code == 200
    clock.pass_time(seconds=60)
    assert client.get(USERS, headers={"X-API-Key": one}).status_code == 200


@pytest.mark.usefixtures("_three_a_minute")
def test_who_tries_keys_is_counted_by_address(app: App, root: int, at: Callable[[str], Browser]) -> None:
    guesses = [at("192.0.2.1").get(USERS, headers={"X-API-Key": f"no-{n}"}).status_code for n in range(4)]
    assert guesses == [401, 401, 401, 429]
    assert at("192.0.2.2").get(USERS, headers={"X-API-Key": "no"}).status_code == 401


def test_a_key_is_narrowed_on_its_page_by_groups_of_what_its_owner_may(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "administrator")
    browser = make_client().sign_in("ana@example.com")
    shown = browser.get("/profile/api-keys/new").text
    assert "data-matrix-filter" in shown
    fields = {"name": "Reader", "days": "30", "may_core_user": ["core.user.list", "core.user.view"]}
    assert browser.submit("/profile/api-keys/new", fields).status_code == 200
    with app.reading() as ctx:
        key = ctx.session.scalars(select(ApiKey)).one()
    assert key.permissions == ["core.user.list", "core.user.view"]
