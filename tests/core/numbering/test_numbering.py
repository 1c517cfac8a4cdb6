"""What numbers look like is the operator's choice; no number is given twice, and old ones are found as before."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.db.numbers import Restart, claim_number, count_in, next_number, take_numbers
from trunkline.errors import Conflict, NotFound, Refused
from trunkline.interactions import operations as interactions
from trunkline.interactions.models import Channel
from trunkline.interactions.schemas import RecordInteraction
from trunkline.jobs.operations import PlannedStep, enqueue
from trunkline.numbering import queries
from trunkline.numbering.operations import change
from trunkline.numbering.schemas import NumberChange
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins("inventory", "catalog", "billing")
Staff = Callable[..., Browser]
LIST = "/settings/numbering"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


def _change(app: App, kind: str, reseller: str = "", **values: Any) -> str:
    """The number that is next once numbers of a kind look like this."""
    with app.unit_of_work() as ctx:
        return change(ctx, kind, NumberChange(**values), reseller).next_number


def _customer(app: App, name: str = "Padaria", **more: Any) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "business", "name": name, "country": "BR"})
        return customers.register(ctx, command, **more).number


def _take(app: App, kind: str, count: int = 1) -> list[str]:
    with app.unit_of_work() as ctx:
        return take_numbers(ctx.session, kind, count)


@pytest.mark.both_databases
def test_numbers_look_as_the_operator_chose_from_then_on(app: App) -> None:
    assert _customer(app) == "C000001"
    assert _change(app, "customer", prefix="CLI-", width=4) == "CLI-0002"
    assert _customer(app, "Quitanda") == "CLI-0002"
    assert _change(app, "customer", with_year=True, next_value=120) == "CLI-2026-0120"
    assert _take(app, "customer", 2) == ["CLI-2026-0120", "CLI-2026-0121"]
    assert _change(app, "customer", prefix="C", width=6, with_year=False) == "C000122"


def test_the_year_is_that_of_the_day_in_the_operators_zone(app: App, clock: StandingClock) -> None:
    _change(app, "invoice", prefix="INV-", with_year=True)
    zone = app.config.zone
    clock.moment = datetime(2026, 12, 31, 23, 59, tzinfo=zone).astimezone(UTC)
    assert _take(app, "invoice") == ["INV-2026-00000001"]
    clock.pass_time(minutes=2)
    assert _take(app, "invoice") == ["INV-2027-00000002"]


@pytest.mark.both_databases
def test_the_count_begins_anew_each_year_or_month_and_the_number_says_which(
    app: App, clock: StandingClock
) -> None:
    _take(app, "invoice", 2)
    assert _change(app, "invoice", prefix="INV-", width=4, restart="year") == "INV-2026-0003"
    assert _take(app, "invoice") == ["INV-2026-0003"]
    clock.moment = datetime(2027, 1, 1, tzinfo=app.config.zone).astimezone(UTC)
    assert _take(app, "invoice", 2) == ["INV-2027-0001", "INV-2027-0002"]
    assert _change(app, "invoice", restart="month") == "INV-202701-0003"
    clock.pass_time(days=31)
    assert _take(app, "invoice") == ["INV-202702-0001"]
    # Without a year in them, numbers go on above every count that was ever given.
    assert _change(app, "invoice", restart="never") == "INV-0004"
    assert _take(app, "invoice") == ["INV-0004"]
    assert _change(app, "invoice", restart="year") == "INV-2027-0005"


def test_a_number_of_a_file_with_a_year_to_come_is_not_given_again_in_that_year(
    app: App, clock: StandingClock
) -> None:
    _change(app, "customer", prefix="CLI-", width=4, with_year=True)
    assert _customer(app, "From a file", number="CLI-2027-0002") == "CLI-2027-0002"
    _change(app, "customer", restart="year")
    assert _customer(app, "From another", number="CLI-2028-0001") == "CLI-2028-0001"
    clock.moment = datetime(2027, 6, 1, tzinfo=UTC)
    assert _customer(app) == "CLI-2027-0003"
    clock.moment = datetime(2028, 6, 1, tzinfo=UTC)
    assert _customer(app, "Quitanda") == "CLI-2028-0002"


@pytest.mark.both_databases
def test_who_take_numbers_at_once_get_each_count_once(app: App) -> None:
    _change(app, "invoice", prefix="INV-", width=3, restart="month")
    with ThreadPoolExecutor(4) as people:
        taken = list(people.map(lambda count: _take(app, "invoice", count), [1, 3, 2, 4, 1, 3, 2, 4]))
    assert sorted(number for some in taken for number in some) == [
        f"INV-202611-{count:03}" for count in range(1, 21)
    ]


def test_protocols_hold_their_day_and_are_counted_anew_each_day(app: App, clock: StandingClock) -> None:
    number = _customer(app)

    def record() -> str:
        with app.unit_of_work() as ctx:
            command = RecordInteraction(channel=next(iter(Channel)), subject="Slow", text="Since noon")
            return interactions.record(ctx, number, command).number

    assert record() == "20261123-000001"
    assert _change(app, "interaction", prefix="P", width=4) == "P20261123-0002"
    assert record() == "P20261123-0002"
    clock.pass_time(days=1)
    assert record() == "P20261124-0001"
    for values in (
        {"with_year": True},
        {"restart": "year"},
        {"next_value": 7},
        {"prefix": "ABCDE", "width": 6},
    ):
        with pytest.raises(Refused):
            _change(app, "interaction", **values)


@pytest.mark.parametrize(
    ("kind", "values", "field", "words"),
    [
        ("customer", {"prefix": "S"}, "prefix", "Numbers of “Services” begin with S."),
        ("customer", {"prefix": "S-"}, "prefix", "Numbers of “Services” begin with S."),
        ("customer", {"prefix": ""}, "prefix", "begin with a letter"),
        ("customer", {"next_value": 3}, "next_value", "The count stands at 3"),
        ("customer", {"next_value": 1}, "next_value", "Write 4 or more"),
        ("invoice", {"next_value": 9}, "next_value", "must have no gaps"),
        ("invoice", {"restart": "year", "next_value": 9}, "next_value", "must have no gaps"),
        ("order", {"prefix": "ABCD-", "width": 8, "restart": "month"}, "prefix", "longer than 19 signs"),
        ("invoice", {"prefix": "ABCD-", "width": 9, "with_year": True, "next_value": 2}, "", ""),
    ],
)
def test_what_would_harm_is_refused_at_its_field(
    app: App, kind: str, values: dict[str, Any], field: str, words: str
) -> None:
    _take(app, "customer", 3)
    _take(app, "invoice")
    if not words:
        assert len(_change(app, kind, **values)) == 19
        return
    with pytest.raises(Refused, match=words) as refused:
        _change(app, kind, **values)
    assert refused.value.field == field


def test_what_numbers_of_another_kind_began_with_stays_theirs(app: App) -> None:
    _take(app, "customer", 3)
    _change(app, "customer", prefix="CLI-")
    with pytest.raises(Refused, match="Numbers of “Customers” begin with C"):
        _change(app, "order", prefix="C")
    assert _change(app, "customer", prefix="C") == "C000004"


def test_the_count_of_invoices_is_chosen_only_before_the_first_of_them(app: App) -> None:
    assert _change(app, "invoice", next_value=5001) == "F00005001"
    assert _take(app, "invoice") == ["F00005001"]
    with pytest.raises(Refused, match="no gaps"):
        _change(app, "invoice", next_value=6000)
    assert _change(app, "invoice", next_value=5002, prefix="INV-") == "INV-00005002"


def test_who_is_late_is_told_of_the_other_change(app: App) -> None:
    _change(app, "job", prefix="B-", version=0)
    with pytest.raises(Conflict, match="B-"):
        _change(app, "job", prefix="T-", version=0)
    with pytest.raises(NotFound):
        _change(app, "nothing", prefix="X")


def test_numbers_of_a_file_may_look_as_before_or_as_now(app: App) -> None:
    _change(app, "customer", prefix="CLI-", with_year=True)
    for number in ("C000007", "CLI-2019-000009", "CLI-000011"):
        assert _customer(app, number, number=number) == number
    assert _customer(app) == "CLI-2026-000012"
    with pytest.raises(Refused, match="CLI-2026-000001"):
        _customer(app, "Other", number="X000013")


_PREFIXES = st.from_regex(r"\A[A-Z][A-Z-]{0,4}\Z")
_ACTS = st.one_of(
    st.builds(
        NumberChange,
        prefix=st.none() | st.sampled_from(["C", "C-", "CLI", "A-A", "CC"]) | _PREFIXES,
        width=st.none() | st.integers(3, 9),
        with_year=st.none() | st.booleans(),
        restart=st.none() | st.sampled_from(Restart),
        next_value=st.none() | st.integers(1, 3000),
    ),
    st.integers(1, 40),
    st.sampled_from(["C", "CLI-", "C-2026-", "C2027-", "CLI-202611-", "C-202706-"]).flatmap(
        lambda head: st.integers(1, 3000).map(lambda n: f"{head}{n:06d}")
    ),
    st.just(timedelta(days=200)),
)


def test_no_number_is_given_twice_however_their_form_changes(app: App, clock: StandingClock) -> None:
    begin = clock.moment

    @settings(max_examples=120)
    @given(st.lists(_ACTS, min_size=2, max_size=25))
    def never_twice(acts: list[NumberChange | int | str | timedelta]) -> None:
        clock.moment = begin
        given_: list[str] = []
        with app.unit_of_work(keep=False) as ctx:
            for act in acts:
                if isinstance(act, NumberChange):
                    try:
                        change(ctx, "customer", act)
                    except Refused:
                        continue
                elif isinstance(act, int):
                    given_ += take_numbers(ctx.session, "customer", act)
                elif isinstance(act, str):
                    given_ += _claimed(ctx.session, act, given_)
                else:
                    clock.moment += act
            given_.append(next_number(ctx.session, "customer"))
        assert len(set(given_)) == len(given_)
        assert max(map(len, given_)) <= 19
        if not any(isinstance(act, NumberChange) and act.restart for act in acts):
            own = [int(count_in(number)) for number in given_]
            assert own[-1] == max(own)

    never_twice()


def _claimed(session: Session, number: str, known: list[str]) -> list[str]:
    """What an import takes: a number that nobody has."""
    if number in known:
        return []
    try:
        claim_number(session, "customer", number)
    except Refused:
        return []
    return [number]


def test_old_and_new_numbers_are_found_alike(app: App, staff: Staff) -> None:
    old = _customer(app, "Padaria Antiga")
    _change(app, "customer", prefix="CLI-", with_year=True, next_value=40217)
    new = _customer(app, "Quitanda Nova")
    _change(app, "customer", prefix="MES-", width=8, restart="month")
    monthly = _customer(app, "Mercearia")
    assert monthly == "MES-202611-00040218"
    work_until_idle(app)
    browser = staff("supervisor")
    for typed, number in ((old, old), (new, new), (new.lower(), new), (old.lower(), old), (monthly, monthly)):
        found = browser.get("/find", params={"number": typed}, follow_redirects=False)
        assert found.headers["location"] == f"/customers/{number}", typed
    for typed, name in (
        (new, "Quitanda Nova"),
        ("40217", "Quitanda Nova"),
        ("2026-040217", "Quitanda Nova"),
        (old, "Padaria Antiga"),
        (monthly, "Mercearia"),
        ("mes-202611-40218", "Mercearia"),
    ):
        assert name in browser.get("/search", params={"q": typed}).text, typed
    assert browser.get(f"/customers/{new}").status_code == 200


def test_jobs_are_found_by_old_and_new_numbers_with_and_without_zeros(app: App, staff: Staff) -> None:
    def job() -> str:
        with app.unit_of_work() as ctx:
            steps, key = [PlannedStep("core.locate")], str(next(keys))
            return enqueue(ctx, kind="core.geocoding", title="Look", steps=steps, key=key).number

    keys = count()
    browser, numbers = staff("supervisor"), [job()]
    forms: list[dict[str, Any]] = [{"prefix": "JOB-", "width": 4}, {"prefix": "T-", "with_year": True}]
    for values in forms:
        _change(app, "job", **values)
        numbers.append(job())
    assert numbers == ["J000001", "JOB-0002", "T-2026-0003"]
    for typed, number in (("j1", 0), ("J000001", 0), ("job-0002", 1), ("T-2026-0003", 2), ("t-2026-3", 2)):
        assert f'/jobs/{numbers[number]}"' in browser.get("/search", params={"q": typed}).text, typed


def test_the_pages_show_preview_save_and_remember(app: App, staff: Staff) -> None:
    browser = staff("administrator")
    assert "F00000001" in browser.get(LIST).text
    form = browser.get(f"{LIST}/invoice").text
    assert "It has no gaps" in form
    data = {"prefix": "fat-", "width": "5", "with_year": "true", "next_value": "300", "version": "0"}
    shown = browser.submit(f"{LIST}/invoice/preview", data, page=f"{LIST}/invoice").text
    assert "FAT-2026-00300" in shown
    assert "FAT-2026-00301" in shown
    assert (
        "Numbers of “Services”"
        in browser.submit(f"{LIST}/invoice/preview", {**data, "prefix": "S"}, page=f"{LIST}/invoice").text
    )
    assert "F00000001" in browser.get(LIST).text
    anew = {**data, "restart": "year"}
    shown = browser.submit(f"{LIST}/invoice/preview", anew, page=f"{LIST}/invoice").text
    assert "FAT-2027-00001" in shown
    refused = browser.submit(f"{LIST}/invoice", {**data, "prefix": "9"})
    assert refused.status_code == 422
    saved = browser.submit(f"{LIST}/invoice", data)
    assert "FAT-2026-00300" in saved.text
    assert "F00000001 → FAT-2026-00300" in browser.get(f"{LIST}/invoice").text
    assert "Numbering" in browser.get("/settings").text


def test_who_sees_and_who_changes(app: App, staff: Staff) -> None:
    auditor = staff("auditor")
    assert auditor.get(LIST).status_code == 200
    assert f"{LIST}/invoice" not in auditor.get(LIST).text
    assert auditor.get(f"{LIST}/invoice").status_code == 403
    assert staff("customer_care").get(LIST).status_code == 403


def test_numbering_over_rest(app: App, make_client: Callable[[], Browser]) -> None:
    create_user(app, "api@example.com", "administrator")
    api = make_client()
    answer = api.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    api.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    listed = {row["kind"]: row for row in api.get("/api/v1/settings/numbering").json()["items"]}
    assert listed["invoice"]["gapless"]
    assert listed["invoice"]["next_number"] == "F00000001"
    headers = {"If-Match": '"0"'}
    changed = api.patch("/api/v1/settings/numbering/order", json={"prefix": "ORD-"}, headers=headers)
    assert (changed.status_code, changed.json()["next_number"]) == (200, "ORD-000001")
    monthly = api.patch(
        "/api/v1/settings/numbering/payment", json={"restart": "month"}, headers=headers
    ).json()
    assert (monthly["restart"], monthly["next_number"]) == ("month", "R202611-000001")
    late = api.patch("/api/v1/settings/numbering/order", json={"width": 4}, headers=headers)
    assert late.status_code == 409
    taken = api.patch("/api/v1/settings/numbering/order", json={"prefix": "S"}, headers={"If-Match": "*"})
    assert taken.status_code == 422
    assert "Numbers of “Services” begin with S." in taken.text
    assert api.get("/api/v1/settings/numbering/order").json()["version"] == 1


def test_a_kind_says_in_the_pages_what_it_is(app: App) -> None:
    with app.reading() as ctx:
        labels = {view.kind: view.label for view in queries.numbering(ctx)}
    assert {"customer", "job", "order", "service", "account", "invoice", "payment", "interaction"} <= set(
        labels
    )
    assert all(label and label != kind for kind, label in labels.items())
