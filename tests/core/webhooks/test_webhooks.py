"""Other systems hear of events: signed, in order per entity, retried, given up on, sent again, and never behind our walls."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select
from standardwebhooks import Webhook as Receiver

from tests.clock import StandingClock
from tests.core.webhooks.receiving import Listening, make, register, send, types
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerStatus
from trunkline.customers.schemas import SetStatus
from trunkline.errors import Refused
from trunkline.events.models import EventDelivery
from trunkline.testing import PASSWORD, Browser, actor_with, create_user, work_until_idle
from trunkline.webhooks import operations, queries
from trunkline.webhooks.schemas import EditWebhook, WebhookFields
from trunkline.webhooks.sending import PAUSES, due_endpoints
from trunkline.webhooks.signing import new_secret, signed_headers

pytestmark = pytest.mark.plugins()
#: Past the end of a pause.
MOMENT = timedelta(seconds=1)


def states(app: App) -> list[tuple[str, int, str]]:
    with app.reading() as ctx:
        rows = ctx.session.scalars(select(EventDelivery).where(EventDelivery.webhook_id != None)).all()  # noqa: E711 — SQL
        return [(row.state, row.tries, row.error) for row in rows]


@pytest.mark.both_databases
def test_an_endpoint_hears_what_it_chose_signed_as_its_library_checks(app: App, endpoint: str) -> None:
    _number, secret = make(app, endpoint, "customer.registered")
    number = register(app)
    send(app)
    ((headers, body),) = Listening.taken
    told = Receiver(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    assert told["type"] == "customer.registered"
    assert told["data"]["number"] == number
    assert told["id"] == headers["webhook-id"]
    assert states(app) == [("delivered", 1, "")]


def test_whoever_alters_the_body_or_lacks_the_secret_is_found_out(app: App, endpoint: str) -> None:
    _number, secret = make(app, endpoint)
    register(app)
    send(app)
    headers, body = Listening.taken[0]
    small = {name.lower(): value for name, value in headers.items()}
    for key, altered, sent in (
        (secret, body.replace(b"customer", b"costumer"), small),
        (new_secret(), body, small),
        (secret, body, {**small, "webhook-timestamp": str(int(small["webhook-timestamp"]) - 1)}),
    ):
        with pytest.raises(Exception, match="signature"):
            Receiver(key).verify(altered, sent)


@pytest.mark.both_databases
def test_a_refused_event_holds_back_those_of_its_entity_only_and_keeps_its_id(
    app: App, endpoint: str, clock: StandingClock
) -> None:
    make(app, endpoint)
    number = register(app)
    with app.unit_of_work() as ctx:
        customers.set_status(ctx, number, SetStatus(status=CustomerStatus.CLOSED, reason="moved away"))
    register(app, "Bruno Lima")
    Listening.answers = [400]
    send(app)
    first = json.loads(Listening.taken[0][1])
    assert [json.loads(body)["data"]["number"] for _h, body in Listening.taken[1:]].count(number) == 0
    clock.moment += PAUSES[0] + MOMENT
    send(app)
    mine = [json.loads(body) for _h, body in Listening.taken if json.loads(body)["data"]["number"] == number]
    assert mine[0] == mine[1] == first
    assert [told["sequence"] for told in mine[1:]] == sorted(told["sequence"] for told in mine[1:])
    assert {state for state, _tries, _error in states(app)} == {"delivered"}


def test_an_endpoint_that_never_takes_it_is_given_up_on_and_gets_it_when_a_person_says_so(
    app: App, endpoint: str, clock: StandingClock
) -> None:
    number, _secret = make(app, endpoint, "customer.registered")
    register(app)
    Listening.answers = [500] * (len(PAUSES) + 1)
    for pause in (*PAUSES, timedelta()):
        send(app)
        clock.moment += max(pause, timedelta(hours=1)) + MOMENT
    assert states(app) == [("parked", len(PAUSES) + 1, "HTTP 500")]
    assert due_endpoints(app) == []
    with app.unit_of_work() as ctx:
        assert operations.deliver_parked_again(ctx, number) == 1
    send(app)
    assert states(app)[0][0] == "delivered"
    with app.reading() as ctx:
        row = queries.get(ctx, number)
        (delivery,) = ctx.session.execute(queries.list_deliveries(ctx, row["id"])).mappings()
        assert [attempt["status"] for attempt in queries.attempts(ctx, delivery["id"])] == [200] + [500] * 9


def test_the_list_says_when_a_delivery_that_waits_is_tried_again(
    app: App, endpoint: str, clock: StandingClock, staff: Callable[..., Browser]
) -> None:
    make(app, endpoint, "customer.registered")
    register(app)
    browser, place = staff(), "/webhooks/deliveries?cols=event,next_try_at"

    def said() -> str:
        return browser.get(place).text.partition("<tbody")[2].partition("</tbody>")[0]

    assert "<time" not in said()
    Listening.answers = [503]
    send(app)
    assert "<time" in said()
    clock.moment += PAUSES[0] + MOMENT
    assert "<time" not in said(), "it is due, and not to be tried in the past"
    send(app)
    assert "<time" not in said()


@pytest.mark.both_databases
def test_tries_are_counted_on_when_a_delivery_is_sent_again(
    app: App, endpoint: str, staff: Callable[..., Browser]
) -> None:
    make(app, endpoint, "customer.registered")
    register(app)
    send(app)
    browser = staff()
    with app.reading() as ctx:
        key = ctx.session.scalars(select(EventDelivery.id).where(EventDelivery.webhook_id == 1)).one()
    place = f"/webhooks/W0001/deliveries/{key}"
    browser.submit(f"{place}/retry", page=place)
    assert "did not arrive" not in browser.get(place).text, "it arrived, and is only sent once more"
    Listening.answers = [503]
    send(app)
    page = browser.get(place).text
    assert "It did not arrive yet" in page
    assert re.findall(r"<tr><td[^>]*>(\d+)</td>", page) == ["2", "1"]
    listed = re.sub(r"<[^>]+>", " ", browser.get("/webhooks/deliveries?cols=event,tries").text)
    assert re.search(r"customer\.registered\s+2\s", listed)


def test_what_was_given_up_on_waits_on_the_start_page_and_is_sent_again_from_there(
    app: App, endpoint: str, clock: StandingClock, staff: Callable[..., Browser]
) -> None:
    make(app, endpoint, "customer.registered")
    register(app)
    assert "that were given up on" not in staff("supervisor").get("/").text
    Listening.answers = [500] * (len(PAUSES) + 1)
    for pause in (*PAUSES, timedelta()):
        send(app)
        clock.moment += max(pause, timedelta(hours=1)) + MOMENT
    for reader, may in ((staff("supervisor"), True), (staff("auditor"), False)):
        page = reader.get("/").text
        assert "Deliveries to CRM that were given up on" in page
        assert ("Send again: CRM" in page) == may
    staff("supervisor").submit("/webhooks/W0001/retry", page="/")
    send(app)
    assert states(app)[0][0] == "delivered"
    assert "that were given up on" not in staff("supervisor").get("/").text


def test_an_endpoint_that_answers_nothing_is_spared_and_410_switches_it_off(
    app: App, endpoint: str, clock: StandingClock, staff: Callable[..., Browser]
) -> None:
    number, _secret = make(app, "http://127.0.0.1:9/nobody", "customer.registered")
    register(app)
    register(app, "Bruno Lima")
    send(app)
    assert [tries for _state, tries, _error in states(app)] == [1, 0]
    with app.unit_of_work() as ctx:
        operations.edit(ctx, number, EditWebhook(name="CRM", url=endpoint, events=["customer.registered"]))
    Listening.answers = [410]
    send(app)
    with app.reading() as ctx:
        assert queries.get(ctx, number)["active"] is False
    supervisor = staff("supervisor")
    assert "Not everything reached CRM." in supervisor.get("/system").text
    assert "CRM was switched off by itself" in supervisor.get("/").text
    supervisor.submit(f"/webhooks/{number}/start", page=f"/webhooks/{number}")
    assert "CRM was switched off by itself" not in supervisor.get("/").text


def test_a_worker_that_dies_while_sending_leaves_it_to_another(
    app: App, endpoint: str, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(app, endpoint, "customer.registered")
    register(app)

    class Killed(BaseException):
        pass

    def die(*_arguments: object, **_options: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("trunkline.webhooks.sending.call", die)
        with pytest.raises(Killed):
            send(app)
    assert due_endpoints(app) == []
    clock.moment += timedelta(minutes=1) + MOMENT
    send(app)
    assert types() == ["customer.registered"]
    assert states(app) == [("delivered", 2, "")]


def test_after_a_change_of_the_secret_both_sign_for_a_day(
    app: App, endpoint: str, clock: StandingClock
) -> None:
    number, old = make(app, endpoint)
    with app.unit_of_work() as ctx:
        _webhook, new = operations.change_secret(ctx, number)
    register(app)
    send(app)
    headers, body = Listening.taken[0]
    small = {name.lower(): value for name, value in headers.items()}
    for secret in (old, new):
        Receiver(secret).verify(body, small)
    clock.moment += timedelta(days=1) + MOMENT
    register(app, "Bruno Lima")
    send(app)
    assert len(Listening.taken[-1][0]["webhook-signature"].split()) == 1


@pytest.mark.parametrize("opened", [()])
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080/", "http://169.254.169.254/latest", "http://10.0.0.5/", "ftp://crm.example/"],
)
def test_an_address_behind_our_walls_is_refused_beside_its_field(app: App, url: str) -> None:
    with app.unit_of_work() as ctx, pytest.raises((Refused, ValueError)) as refused:
        operations.create(ctx, WebhookFields(name="Inside", url=url))
    assert getattr(refused.value, "field", "url") == "url"


@pytest.mark.parametrize("opened", [()])
def test_a_name_that_leads_behind_our_walls_is_not_called(app: App, endpoint: str) -> None:
    make(app, endpoint.replace("127.0.0.1", "localhost"))
    register(app)
    send(app)
    assert Listening.taken == []
    assert "closed" in states(app)[0][2]


def test_staff_make_test_and_follow_a_webhook_in_the_browser(
    app: App, endpoint: str, staff: Callable[..., Browser]
) -> None:
    browser = staff()
    made = browser.submit("/webhooks/new", {"name": "ERP", "url": endpoint, "events": "customer.registered"})
    make(app, endpoint)
    assert "whsec_" in made.text
    assert "whsec_" not in browser.get("/webhooks/W0001").text
    browser.submit("/webhooks/W0001/test", page="/webhooks/W0001")
    send(app)
    assert types() == ["webhook.tested"]
    page = browser.get("/webhooks/W0001").text
    assert "webhook.tested" in page
    assert "Delivered" in page
    with app.reading() as ctx:
        key = ctx.session.scalars(select(EventDelivery.id).where(EventDelivery.webhook_id == 1)).one()
    shown = browser.get(f"/webhooks/W0001/deliveries/{key}").text
    assert "thank you" in shown
    browser.submit(f"/webhooks/W0001/deliveries/{key}/retry", page="/webhooks/W0001")
    send(app)
    first, second = (headers["webhook-id"] for headers, _body in Listening.taken)
    assert first == second


def test_events_are_folded_by_area_with_how_many_are_chosen(
    app: App, endpoint: str, staff: Callable[..., Browser]
) -> None:
    browser = staff()

    def areas(page: str) -> dict[str, tuple[int, int, set[str]]]:
        found = {}
        for folded in re.findall("<details.*?</details>", page, re.DOTALL):
            head = re.sub("<[^>]+>", "", folded.partition("</summary>")[0].partition("<summary>")[2])
            told = re.fullmatch(r"\s*(.+?) (\d+) of (\d+) chosen", head)
            assert told is not None
            boxes = set(re.findall(r'name="events" value="([^"]+)"', folded))
            found[told[1]] = int(told[2]), int(told[3]), boxes
        return found

    offered = areas(browser.get("/webhooks/new").text)
    with app.reading() as ctx:
        every = {name for name, _label in queries.event_choices(ctx)}
    assert set().union(*(boxes for _n, _m, boxes in offered.values())) == every
    assert all((chosen, of) == (0, len(boxes)) for chosen, of, boxes in offered.values())
    assert "contract.accepted" in offered["Customers"][2]
    fields = {"name": "ERP", "url": endpoint, "events": ["customer.registered", "contract.accepted"]}
    browser.submit("/webhooks/new", fields)
    edited = areas(browser.get("/webhooks/W0001/edit").text)
    assert {area: chosen for area, (chosen, _of, _boxes) in edited.items() if chosen} == {"Customers": 2}


def test_a_new_webhook_whose_page_is_loaded_again_is_not_made_twice(
    app: App, endpoint: str, staff: Callable[..., Browser]
) -> None:
    browser = staff()
    fields = {"name": "ERP", "url": endpoint, "events": "customer.registered"}
    assert "whsec_" in browser.submit("/webhooks/new", fields).text
    again = browser.submit("/webhooks/new", fields)
    assert again.status_code == 409
    assert "The webhook W0001 has this name already" in again.text
    register(app)
    send(app)
    assert types() == ["customer.registered"]
    version = re.search(r'name="version" value="(\d+)"', browser.get("/webhooks/W0001/edit").text)
    assert version is not None
    kept = browser.submit("/webhooks/W0001/edit", {**fields, "version": version.group(1)})
    assert kept.status_code == 200, "its own name is no other's"


def test_a_webhook_that_is_off_misses_what_happens_and_an_unknown_event_is_refused(
    app: App, endpoint: str
) -> None:
    number, _secret = make(app, endpoint)
    with app.unit_of_work() as ctx:
        operations.stop(ctx, number)
    register(app)
    assert states(app) == []
    with app.unit_of_work(actor_with("core.webhook.create")) as ctx, pytest.raises(Refused, match="no event"):
        operations.create(ctx, WebhookFields(name="CRM", url=endpoint, events=["customer.exploded"]))


def test_the_clock_of_the_system_is_the_one_that_signs(app: App, clock: Clock) -> None:
    headers = signed_headers([new_secret()], "evt_1", clock(), b"{}")
    assert headers["webhook-timestamp"] == str(int(clock().timestamp()))


def test_a_program_sends_chosen_deliveries_again(app: App, endpoint: str, client: Browser) -> None:
    create_user(app, "boss@example.com", "administrator")
    login = client.post("/api/v1/auth/login", json={"email": "boss@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
    make(app, endpoint, "customer.registered")
    register(app)
    register(app, "Bento Lima")
    send(app)
    place = "/api/v1/webhooks/W0001/deliveries"
    first, _second = (one["id"] for one in client.get(place).json()["items"])
    assert client.post(f"{place}/retry", json={"ids": [first]}).json() == {"retried": 1}
    assert client.post(f"{place}/retry", json={"ids": []}).status_code == 422
    assert client.post(f"{place}/retry", json={"ids": [2**62]}).json() == {"retried": 0}
    send(app)
    assert len(types()) == 3


def test_many_webhooks_are_switched_off_and_on_from_their_list(
    app: App, endpoint: str, staff: Callable[..., Browser]
) -> None:
    with app.unit_of_work() as ctx:
        made = [
            operations.create(ctx, WebhookFields(name=name, url=endpoint))[0]
            for name in ("Ledger", "Archive", "Mirror")
        ]
        ids, left = [str(one.key) for one in made[:2]], made[2].number
    browser = staff("supervisor")

    def active() -> set[str]:
        written = browser.get("/webhooks?export=csv&active=1&sort=name").text
        return set(re.findall(r"Ledger|Archive|Mirror", written))

    def do(action: str) -> None:
        asked = browser.submit(f"/lists/webhooks/do/{action}", {"ids": ids}, page="/webhooks")
        (picked,) = re.findall(r'name="picked" value="([^"]*)"', asked.text)
        browser.submit(f"/lists/webhooks/do/{action}/begin", {"picked": picked}, page="/webhooks")
        work_until_idle(app)

    do("core.webhook_stop")
    assert active() == {"Mirror"}
    browser.submit(f"/webhooks/{left}/stop", page=f"/webhooks/{left}")
    do("core.webhook_start")
    assert active() == {"Ledger", "Archive"}
