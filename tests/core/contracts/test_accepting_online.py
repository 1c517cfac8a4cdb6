"""The customer reads a contract by a mailed link and accepts it once."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from tests.core.contracts.agreeing import OTHER_TEXT, TEXT, add_customer, agreed, attach, draft
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.contracts import links, operations
from trunkline.contracts.models import AcceptedBy, Contract, ContractAcceptance
from trunkline.contracts.schemas import AcceptContract, SendContract, TerminateContract, WithdrawContract
from trunkline.errors import Refused
from trunkline.mail.models import Email
from trunkline.testing import Browser
from trunkline.typesetting import typeset

pytestmark = pytest.mark.plugins()
ANSWER = {"accepted_by": "Ana Souza", "tax_id": "529.982.247-25", "agreed": "1"}


@pytest.fixture
def clock() -> Clock:
    return StandingClock(datetime(2026, 6, 15, 15, 0, tzinfo=UTC))


def send(app: App, number: str) -> str:
    """Send it and take the link's path from the mail."""
    with app.unit_of_work() as ctx:
        operations.send(ctx, number, SendContract())
    with app.reading() as ctx:
        mail = ctx.session.scalars(select(Email).order_by(col(Email.id).desc()).limit(1)).one()
        found = re.search(r"/accept-contract/[A-Za-z0-9_-]{20,}", json.dumps(json.loads(mail.sealed or "{}")))
        assert found is not None
        assert found.group(0) not in mail.text + mail.html
        return found.group(0)


def status(app: App, number: str) -> str:
    with app.reading() as ctx:
        return ctx.load_by(Contract, Contract.number, number).status


def plain(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def heading(browser: Browser, path: str) -> tuple[int, str]:
    """Status and heading of a page."""
    answer = browser.get(path)
    found = re.search(r"<h1>([^<]*)</h1>", answer.text)
    assert found is not None
    return answer.status_code, found.group(1)


@pytest.mark.both_databases
def test_whoever_holds_the_link_reads_the_text_and_accepts_it_once(
    app: App, make_client: Callable[[], Browser], caplog: pytest.LogCaptureFixture
) -> None:
    number = draft(app)
    attach(app, number)
    link, stranger = send(app, number), make_client()
    assert status(app, number) == "sent"
    with caplog.at_level("INFO"):
        page = stranger.get(link)
    assert "Internet 500" in page.text
    assert link not in " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("trunkline")
    )
    assert stranger.get(f"{link}/document").content == TEXT
    unticked = stranger.submit(link, {**ANSWER, "agreed": ""})
    assert unticked.status_code == 422
    assert "Tick that you accept it." in unticked.text
    assert "The contract is accepted." in stranger.submit(link, ANSWER).text
    assert status(app, number) == "active"
    with app.reading() as ctx:
        acceptance = ctx.session.scalars(select(ContractAcceptance)).one()
        assert (acceptance.how, acceptance.accepted_by) == ("link", "Ana Souza")
        assert acceptance.digest == sha256(TEXT).hexdigest()
        assert acceptance.address
    assert stranger.get(link).status_code == 410


@pytest.mark.both_databases
def test_whoever_accepted_takes_a_copy_by_the_same_link_while_its_time_lasts(
    app: App, clock: StandingClock, make_client: Callable[[], Browser]
) -> None:
    number, stranger = draft(app), make_client()
    attach(app, number)
    unused = send(app, number)
    link = send(app, number)
    accepted = stranger.submit(link, ANSWER)
    assert "The contract is accepted." in accepted.text
    assert f'href="{link}/document"' in accepted.text
    # Another text for later is no part of what this link accepted.
    attach(app, number, OTHER_TEXT)
    copy = stranger.get(f"{link}/document")
    assert (copy.status_code, copy.content) == (200, TEXT)
    assert "attachment" in copy.headers["Content-Disposition"]
    assert stranger.get(f"{unused}/document").status_code == 410
    clock.pass_time(days=15)
    gone = stranger.get(f"{link}/document")
    assert gone.status_code == 410
    assert "Ask us if you need a copy of it." in gone.text


def test_another_text_other_terms_and_time_make_a_link_useless(
    app: App, clock: StandingClock, make_client: Callable[[], Browser]
) -> None:
    number, stranger = draft(app), make_client()
    attach(app, number)
    first = send(app, number)
    second = send(app, number)
    assert heading(stranger, first) == (410, "There is a newer version of this contract")
    assert stranger.get(second).status_code == 200
    attach(app, number, OTHER_TEXT)
    assert status(app, number) == "draft"
    assert heading(stranger, second) == (410, "There is a newer version of this contract")
    third = send(app, number)
    clock.pass_time(days=15)
    assert heading(stranger, third) == (410, "The time of this link is over")
    assert "The contract could be accepted until 29 Jun 2026" in stranger.get(third).text
    # The sweep leaves what happened to be read for a while.
    clock.pass_time(days=60)
    with app.unit_of_work() as ctx:
        links.sweep(ctx)
    assert heading(stranger, third) == (410, "The time of this link is over")
    clock.pass_time(days=30)
    with app.unit_of_work() as ctx:
        links.sweep(ctx)
    assert heading(stranger, third) == (404, "This link does not work")


def test_the_link_of_a_contract_that_was_withdrawn_or_ended_says_so(
    app: App, make_client: Callable[[], Browser]
) -> None:
    stranger, number = make_client(), draft(app)
    attach(app, number)
    link = send(app, number)
    with app.unit_of_work() as ctx:
        operations.withdraw(ctx, number, WithdrawContract())
    assert heading(stranger, link) == (410, "This contract was withdrawn")
    ending = agreed(app)
    attach(app, ending, OTHER_TEXT)
    link = send(app, ending)
    with app.unit_of_work() as ctx:
        operations.terminate(ctx, ending, TerminateContract(reason="moved"))
    assert heading(stranger, link) == (410, "This contract ends")


def test_a_changed_text_of_an_active_contract_is_accepted_again(
    app: App, make_client: Callable[[], Browser]
) -> None:
    number, stranger = agreed(app), make_client()
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="accepted as it is"):
        operations.send(ctx, number, SendContract())
    attach(app, number, OTHER_TEXT)
    link = send(app, number)
    assert status(app, number) == "active"
    assert "The contract is accepted." in stranger.submit(link, ANSWER).text
    assert stranger.get(link).status_code == 410


def test_nobody_to_write_to_is_said_beside_the_field(app: App) -> None:
    number = draft(app, add_customer(app, email=""))
    attach(app, number)
    with app.unit_of_work() as ctx, pytest.raises(Refused) as refused:
        operations.send(ctx, number, SendContract())
    assert refused.value.field == "email"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is printed, as texts: the letters of a PDF are not."""
    texts_of: list[Any] = []

    def listening(template, texts, timestamp, logo):  # type: ignore[no-untyped-def]  # as typeset
        texts_of.append(texts)
        return typeset(template, texts, timestamp, logo)

    monkeypatch.setattr("trunkline.contracts.printing.typeset", listening)
    return texts_of


def test_the_print_is_the_text_where_none_is_attached_and_says_who_accepted(
    app: App,
    staff: Callable[..., Browser],
    make_client: Callable[[], Browser],
    told: list[Any],
) -> None:
    number, colleague = draft(app), staff("customer_care")
    page = colleague.submit(f"/contracts/{number}/send", {"email": "ana@example.com"}).text
    assert f"{number}.pdf" in page
    assert told[-1]["sections"] == []
    link = send(app, number)
    assert make_client().submit(link, ANSWER).status_code == 200
    answer = colleague.get(f"/contracts/{number}/contract.pdf")
    assert answer.content.startswith(b"%PDF-")
    [statement] = told[-1]["sections"]
    assert ["Accepted by", "Ana Souza 529.982.247-25"] in statement["rows"]
    assert ["Term", "12 months"] in told[-1]["facts"]


def test_terms_that_changed_since_the_print_are_read_before_they_are_accepted(
    app: App,
    staff: Callable[..., Browser],
    make_client: Callable[[], Browser],
    told: list[Any],
) -> None:
    number, visitor, colleague = draft(app), make_client(), staff("customer_care")
    before = send(app, number)
    read_before = visitor.get(f"{before}/document").content
    visitor.submit(before, ANSWER)
    terms = {"title": "Internet 500", "starts_on": "2026-01-31", "term_months": "24"}
    colleague.submit(f"/contracts/{number}/edit", terms)
    page = colleague.get(f"/contracts/{number}").text
    assert "The text was printed before the terms changed." in page
    with app.unit_of_work() as ctx, pytest.raises(Refused, match="printed before the terms changed"):
        operations.accept(ctx, number, AcceptContract(how=AcceptedBy.DESK, accepted_by="Ana Souza"))
    after = send(app, number)
    assert ["Term", "24 months"] in told[-1]["facts"]
    assert visitor.get(f"{after}/document").content != read_before
    assert "The contract is accepted." in visitor.submit(after, ANSWER).text
    assert "printed before" not in colleague.get(f"/contracts/{number}").text


def test_a_print_of_other_terms_gives_way_to_a_new_one(app: App, staff: Callable[..., Browser]) -> None:
    number, colleague = draft(app), staff("customer_care")
    with app.unit_of_work() as ctx:
        operations.adopt_print(ctx, number)
    colleague.submit(f"/contracts/{number}/edit", {"title": "Internet 700"})
    colleague.submit(f"/contracts/{number}/adopt-print", page=f"/contracts/{number}")
    accepted = colleague.submit(f"/contracts/{number}/accept", {"how": "desk", "accepted_by": "Ana Souza"})
    assert "The acceptance was recorded." in accepted.text


@pytest.mark.parametrize(
    ("tax_id", "why"), [("123", "CPF"), ("529.982.247-26", "CPF"), ("11.222.333/0001-82", "CNPJ")]
)
def test_who_accepts_writes_a_tax_id_that_can_be_one(
    app: App, make_client: Callable[[], Browser], tax_id: str, why: str
) -> None:
    number, stranger = draft(app), make_client()
    link = send(app, number)
    refused = stranger.submit(link, {**ANSWER, "tax_id": tax_id})
    assert refused.status_code == 422
    assert f"“{tax_id}” is not a valid {why}." in refused.text
    assert status(app, number) == "sent"
    assert stranger.submit(link, {**ANSWER, "tax_id": "11.222.333/0001-81"}).status_code == 200


def test_who_opens_the_link_again_after_accepting_reads_that_it_is_done(
    app: App, clock: StandingClock, make_client: Callable[[], Browser]
) -> None:
    number, visitor = draft(app), make_client()
    link = send(app, number)
    visitor.submit(link, ANSWER)
    assert heading(visitor, link) == (410, "This contract was accepted already")
    again = visitor.get(link)
    assert "It was accepted by Ana Souza on 15 Jun 2026. There is nothing left to do." in plain(again.text)
    assert f'href="{link}/document"' in again.text
    clock.pass_time(days=15)
    over = visitor.get(link).text
    assert "This contract was accepted already" in over
    assert "Ask us if you need a copy of it." in over
    assert f"{link}/document" not in over
