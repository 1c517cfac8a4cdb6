"""What people do with contracts on pages and over REST."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clock import StandingClock
from tests.core.contracts.agreeing import TEXT, add_customer, agreed, draft
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.contracts.worth import ContractWorth
from trunkline.plugin import hookimpl
from trunkline.search.indexing import index_due
from trunkline.search.queries import find
from trunkline.settings import operations as settings
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 6, 15, 15, 0, tzinfo=UTC))


@pytest.fixture
def api(app: App, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, "api@example.com", "supervisor")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def test_a_colleague_drafts_attaches_and_records(app: App, staff: Callable[..., Browser]) -> None:
    colleague = staff("supervisor")
    customer = add_customer(app)
    empty = colleague.get(f"/customers/{customer}/contracts").text
    assert "No contracts yet" in empty
    form: dict[str, Any] = {"title": "Fibre 500", "term_months": "12", "renewal": "ends", "notice_days": "30"}
    form |= {"penalty": "fixed", "penalty_amount": "300.00", "currency": "BRL", "indexation": "none"}
    page = colleague.submit(f"/customers/{customer}/contracts/new", form)
    number = page.request.url.path.rpartition("/")[2]
    assert "Fibre 500" in page.text
    assert "No documents yet" in page.text
    page = colleague.submit(
        f"/contracts/{number}/documents/new",
        {"kind": "text"},
        files={"file": ("text.pdf", TEXT, "application/pdf")},
    )
    assert "text.pdf" in page.text
    refused = colleague.submit(f"/contracts/{number}/accept", {"how": "paper", "accepted_by": "Ana Souza"})
    assert refused.status_code == 422
    assert "scan of the signed paper" in refused.text
    page = colleague.submit(
        f"/contracts/{number}/accept",
        {"how": "telephone", "accepted_by": "Ana Souza", "reference": "20260615-000001"},
    )
    assert "20260615-000001" in page.text
    assert "Active" in page.text
    assert "Fibre 500" in colleague.get(f"/customers/{customer}/contracts").text
    assert "Fibre 500" in colleague.get("/contracts?view=active").text


def test_notice_says_before_what_it_means(app: App, staff: Callable[..., Browser]) -> None:
    colleague = staff("supervisor")
    number = agreed(app, penalty="fixed", penalty_amount="300", currency="BRL", notice_days=30)
    page = colleague.get(f"/contracts/{number}/terminate").text
    assert "Whole months that remain" in page
    assert "300" in page
    part = colleague.submit(
        f"/contracts/{number}/terminate/preview", {"on": "2026-06-20"}, page=f"/contracts/{number}/terminate"
    ).text
    assert "The notice of 30 days is not kept." in part
    late = colleague.submit(
        f"/contracts/{number}/terminate/preview", {"on": "2028-06-20"}, page=f"/contracts/{number}/terminate"
    ).text
    assert "The term ends on" in late
    page = colleague.submit(
        f"/contracts/{number}/terminate", {"on": "2026-07-15", "reason": "Moves away"}
    ).text
    assert "Notice was given" in page
    page = colleague.submit(f"/contracts/{number}/keep", page=f"/contracts/{number}").text
    assert "Notice was given" not in page


def test_a_draft_offers_to_attach_its_text_once(app: App, staff: Callable[..., Browser]) -> None:
    page = staff("supervisor").get(f"/contracts/{draft(app)}").text
    assert page.count("Attach a document") == 1
    assert page.count("Use the printed contract") == 1


def test_the_share_agreed_is_named_with_the_penalty(app: App, staff: Callable[..., Browser]) -> None:
    colleague = staff("supervisor")
    number = agreed(app, penalty="share", penalty_percent="30", indexation="index", index_name="IPCA")
    assert "cost – 30%" in colleague.get(f"/contracts/{number}").text
    page = colleague.get(f"/contracts/{number}/terminate").text
    assert "cost – 30%" in page


def test_a_contract_that_is_over_shows_no_next_indexation(app: App, staff: Callable[..., Browser]) -> None:
    colleague = staff("supervisor")
    number = agreed(app, indexation="index", index_name="IPCA", next_indexation_on="2026-07-20")
    assert "20 Jul 2026" in colleague.get(f"/contracts/{number}").text
    page = colleague.submit(f"/contracts/{number}/terminate", {"on": "2026-06-15", "reason": "Moves away"})
    assert "Terminated" in page.text
    assert "20 Jul 2026" not in page.text


@pytest.mark.parametrize(("services", "rest"), [(1, ""), (2, ""), (51, "and one more"), (60, "and 10 more")])
def test_an_indexation_says_before_what_all_services_cost_then(
    app: App, staff: Callable[..., Browser], services: int, rest: str
) -> None:
    class Charges:
        @hookimpl
        def contract_worth(self) -> list[ContractWorth]:
            return [ContractWorth("Fibre", 9_990, "BRL", f"S{place:06}") for place in range(1, services + 1)]

    app.hooks.manager.register(Charges(), "charges")
    number = agreed(app, indexation="index", index_name="IPCA", next_indexation_on="2026-06-20")
    asked = {"percent": "4.5", "effective_on": "2026-06-20"}
    page = staff("supervisor").submit(
        f"/contracts/{number}/index/preview", asked, page=f"/contracts/{number}/index"
    )
    assert page.text.count("R$104.40") == min(services, 50)
    assert (f"R${services * 104.40:,.2f}" in page.text.partition("S000001")[0]) == (services > 1)
    assert ("Together" in page.text) == (services > 1)
    assert f"S{min(services, 50):06}" in page.text
    assert "S000051" not in page.text
    assert (" more" in page.text, rest in page.text) == (bool(rest), True)


def test_terms_and_charges_are_changed_by_their_forms(app: App, staff: Callable[..., Browser]) -> None:
    colleague = staff("supervisor")
    number = agreed(app, indexation="index", index_name="IPCA", next_indexation_on="2026-06-20")
    assert 'value="IPCA"' in colleague.get(f"/contracts/{number}/edit").text
    colleague.submit(
        f"/contracts/{number}/edit",
        {
            "title": "Fibre 700",
            "term_months": "24",
            "renewal": "ends",
            "notice_days": "0",
            "penalty": "none",
            "currency": "BRL",
            "indexation": "index",
            "index_name": "IPCA",
            "next_indexation_on": "2026-06-20",
        },
    )
    page = colleague.get(f"/contracts/{number}").text
    assert "Fibre 700" in page
    assert "changed since they were accepted" in page
    assert "Contracts to be indexed" in colleague.get("/").text
    page = colleague.submit(
        f"/contracts/{number}/index", {"percent": "4.62", "effective_on": "2026-06-20"}
    ).text
    assert "4.62" in page
    assert "Contracts to be indexed" not in colleague.get("/").text


def test_programs_do_what_pages_do(app: App, api: Browser) -> None:
    customer = add_customer(app)
    terms = {"title": "Fibre 500", "term_months": 12, "penalty": "per_month", "penalty_amount": "10"}
    made = api.post(f"/api/v1/customers/{customer}/contracts", json=terms).json()
    here = f"/api/v1/contracts/{made['number']}"
    assert (made["status"], made["penalty_minor"]) == ("draft", 1000)
    files = {"file": ("text.pdf", TEXT, "application/pdf")}
    [document] = api.post(f"{here}/documents", files=files).json()
    assert api.get(f"{here}/documents/{document['file_id']}").content == TEXT
    unsent = api.post(f"{here}/send", json={"email": "ana at example"}).json()
    assert [error["field"] for error in unsent["errors"]] == ["email"]
    answer = api.post(f"{here}/acceptances", json={"how": "paper", "accepted_by": "Ana Souza"})
    assert [error["field"] for error in answer.json()["errors"]] == ["signed_file_id"]
    signed = api.post(f"{here}/documents", files=files, data={"kind": "signed"}).json()[0]
    facts = {"how": "paper", "accepted_by": "Ana Souza", "signed_file_id": signed["file_id"]}
    assert api.post(f"{here}/acceptances", json=facts).json()["digest"] == document["digest"]
    now = api.get(here).json()
    assert (now["status"], now["accepted"]) == ("active", True)
    outlook = api.get(f"{here}/termination").json()
    assert (outlook["remaining_months"], outlook["penalty_minor"]) == (11, 11_000)
    gone = api.post(f"{here}/termination", json={"reason": "Moves away"}).json()
    assert gone["status"] == "terminated"
    [row] = api.get("/api/v1/contracts?status=terminated").json()["items"]
    assert row["customer"] == customer


def test_a_contract_is_found_by_its_number_and_title(app: App) -> None:
    number = draft(app)
    index_due(app)
    for query in (number, "Internet 500"):
        with app.reading() as ctx:
            hits = [hit.path for group in find(ctx, query, kinds=["contract"]) for hit in group.hits]
        assert hits == [f"/contracts/{number}"]


def test_who_may_only_read_is_offered_nothing_else(app: App, staff: Callable[..., Browser]) -> None:
    number = agreed(app, indexation="index", index_name="IPCA")
    reader = staff("care_reader")
    page = reader.get(f"/contracts/{number}").text
    assert "Internet 500" in page
    for act in ("edit", "accept", "terminate", "index", "withdraw", "documents/new"):
        assert f'"/contracts/{number}/{act}"' not in page
        assert reader.get(f"/contracts/{number}/{act}").status_code == 403


def test_waiving_more_than_the_settings_say_waits_for_a_second_person(
    app: App, staff: Callable[..., Browser]
) -> None:
    with app.unit_of_work() as ctx:
        settings.save(ctx, "core", {"contract_waiver_above": "100"})
    small = agreed(app, penalty="fixed", penalty_amount="100", currency="BRL")
    large = agreed(app, penalty="fixed", penalty_amount="100.01", currency="BRL")
    first, second = staff("supervisor"), staff("supervisor")
    form = {"on": "2026-06-15", "reason": "Moves away", "waive": "1"}
    assert "Terminated" in first.submit(f"/contracts/{small}/terminate", form).text
    asked = first.submit(f"/contracts/{large}/terminate", form)
    assert asked.url.path == "/approvals/V000001"
    assert "Moves away" in asked.text
    assert "Active" in first.get(f"/contracts/{large}").text
    second.submit("/approvals/V000001/approve", {"note": ""})
    assert "Terminated" in first.get(f"/contracts/{large}").text
