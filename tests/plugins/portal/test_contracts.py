"""A customer reads their contracts in the portal, accepts what was sent, once, and sees nothing of anybody else's."""

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO

import pytest
from sqlmodel import select

from tests.plugins.portal.conftest import Household
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.contracts import operations as contracts
from trunkline.contracts.models import AcceptedBy, Contract, ContractAcceptance, DocumentKind
from trunkline.contracts.schemas import (
    AcceptContract,
    ContractTerms,
    EditContract,
    SendContract,
    TerminateContract,
    WithdrawContract,
)
from trunkline.testing import Browser, create_user

PortalClient = Callable[..., Browser]
TEXT, OTHER = b"%PDF-1.4 what is agreed", b"%PDF-1.4 something else"
ANSWER = {"tax_id": "529.982.247-25", "agreed": "1"}


def draft(app: App, household: Household, title: str = "Fibre for the house") -> str:
    with app.unit_of_work() as ctx:
        number = contracts.create(ctx, household.number, ContractTerms(title=title, term_months=12)).number
        contracts.attach(ctx, number, BytesIO(TEXT), "fibre.pdf")
    return number


def sent(app: App, household: Household, title: str = "Fibre for the house") -> str:
    number = draft(app, household, title)
    with app.unit_of_work() as ctx:
        contracts.send(ctx, number, SendContract())
    return number


def status(app: App, number: str) -> str:
    with app.reading() as ctx:
        return ctx.load_by(Contract, Contract.number, number).status


def document(app: App, number: str, kind: DocumentKind = DocumentKind.TEXT) -> str:
    """The address of a contract's document of a kind."""
    from trunkline.contracts import queries

    with app.reading() as ctx:
        found = queries.documents_of(ctx, ctx.load_by(Contract, Contract.number, number))
        file_id = next(one.file_id for one in found if one.kind == kind)
    return f"/portal/contracts/{number}/documents/{file_id}"


@pytest.mark.both_databases
def test_who_is_signed_in_reads_what_was_sent_and_accepts_it_once(
    app: App, portal_client: PortalClient, ana: Household
) -> None:
    number = sent(app, ana)
    client, here = portal_client(ana), f"/portal/contracts/{number}"
    assert f'href="{here}"' in client.get("/portal").text
    assert "Your contracts" in client.get("/portal/account").text
    assert "To be accepted" in client.get("/portal/contracts").text
    assert "waits for you to accept it" in client.get(here).text
    assert client.get(document(app, number)).content == TEXT
    unticked = client.submit(f"{here}/accept", {**ANSWER, "agreed": ""})
    assert unticked.status_code == 422
    assert "Tick that you accept it." in unticked.text
    accepted = client.submit(f"{here}/accept", ANSWER)
    assert accepted.url.path == here
    assert "In the portal" in accepted.text
    assert status(app, number) == "active"
    with app.reading() as ctx:
        [kept] = ctx.session.scalars(select(ContractAcceptance)).all()
        person = ctx.session.scalars(select(User).where(User.customer_id == ana.customer_id)).one()
        assert (kept.how, kept.accepted_by, kept.tax_id) == ("portal", person.name, "529.982.247-25")
        assert (kept.digest, kept.recorded_by) == (sha256(TEXT).hexdigest(), "")
        assert kept.address
        entry = ctx.session.scalars(
            select(ActivityEntry).where(ActivityEntry.operation == "portal.contract_acceptance.record")
        ).one()
        assert (entry.actor_id, entry.subject) == (person.id, number)
    # What was accepted waits no more: not on the page that was open still, nor by the link of the mail.
    assert client.get(f"{here}/accept").status_code == 422
    assert client.submit(f"{here}/accept", ANSWER, page="/portal/contracts").status_code == 422
    assert f'href="{here}"' not in client.get("/portal").text
    with app.reading() as ctx:
        assert len(ctx.session.scalars(select(ContractAcceptance)).all()) == 1


@pytest.mark.both_databases
def test_a_neighbours_contract_and_its_documents_are_absent(
    app: App, portal_client: PortalClient, ana: Household, bruno: Household
) -> None:
    theirs, own = sent(app, bruno, "Lines of Bruno"), sent(app, ana)
    client = portal_client(ana)
    here = f"/portal/contracts/{theirs}"
    for path in (here, f"{here}/accept", document(app, theirs)):
        assert client.get(path).status_code == 404, path
    # A document is asked for by the contract that it belongs to.
    stray = document(app, theirs).replace(theirs, own)
    assert client.get(stray).status_code == 404
    assert client.submit(f"{here}/accept", ANSWER, page="/portal/contracts").status_code == 404
    assert status(app, theirs) == "sent"
    for path in ("/portal", "/portal/contracts", f"/portal/contracts/{own}"):
        text = client.get(path).text
        assert "Lines of Bruno" not in text
        assert theirs not in text


def test_drafts_and_what_was_withdrawn_are_not_shown(
    app: App, portal_client: PortalClient, ana: Household
) -> None:
    drafted, withdrawn = draft(app, ana, "A draft of ours"), sent(app, ana, "Thought better of")
    with app.unit_of_work() as ctx:
        contracts.withdraw(ctx, withdrawn, WithdrawContract())
    client = portal_client(ana)
    assert "No contracts yet" in client.get("/portal/contracts").text
    for number in (drafted, withdrawn):
        assert client.get(f"/portal/contracts/{number}").status_code == 404
        assert client.get(document(app, number)).status_code == 404


def test_another_text_is_shown_once_it_is_sent_and_what_was_accepted_stays(
    app: App, portal_client: PortalClient, ana: Household
) -> None:
    number, client = sent(app, ana), portal_client(ana)
    here = f"/portal/contracts/{number}"
    client.submit(f"{here}/accept", ANSWER)
    with app.unit_of_work() as ctx:
        contracts.attach(ctx, number, BytesIO(OTHER), "other.pdf")
        contracts.attach(ctx, number, BytesIO(b"%PDF-1.4 prices"), "prices.pdf", DocumentKind.ANNEX)
    page = client.get(here).text
    assert "We are changing this contract." in page
    assert "fibre.pdf" in page
    assert "prices.pdf" in page
    assert "other.pdf" not in page
    assert client.get(document(app, number)).status_code == 404
    with app.unit_of_work() as ctx:
        contracts.send(ctx, number, SendContract())
    assert client.get(document(app, number)).content == OTHER
    assert client.submit(f"{here}/accept", ANSWER).url.path == here
    assert client.get(document(app, number, DocumentKind.REPLACED)).content == TEXT


def test_a_contract_that_ended_is_still_read_and_accepts_nothing(
    app: App, portal_client: PortalClient, ana: Household
) -> None:
    number = draft(app, ana)
    with app.unit_of_work() as ctx:
        contracts.accept(ctx, number, AcceptContract(how=AcceptedBy.DESK, accepted_by="Ana Souza"))
        contracts.edit(ctx, number, EditContract(title="Fibre for the house", term_months=24))
        contracts.send(ctx, number, SendContract())
        contracts.terminate(ctx, number, TerminateContract(reason="Moved away"))
    client = portal_client(ana)
    page = client.get(f"/portal/contracts/{number}").text
    assert "Terminated" in page
    assert "waits for you" not in page
    assert client.get(document(app, number)).content == TEXT
    assert client.get(f"/portal/contracts/{number}/accept").status_code == 422


def test_finance_contacts_read_contracts_and_owners_alone_accept_them(
    app: App, portal_client: PortalClient, ana: Household
) -> None:
    number = sent(app, ana)
    here = f"/portal/contracts/{number}"
    finance, technical = portal_client(ana, "portal_finance"), portal_client(ana, "portal_technical")
    assert f"{here}/accept" not in finance.get(here).text
    assert finance.get(f"{here}/accept").status_code == 403
    assert here not in finance.get("/portal").text
    assert technical.get(here).status_code == 403
    assert technical.get("/portal/contracts").status_code == 403
    assert "/portal/contracts" not in technical.get("/portal/account").text


def test_a_colleague_who_works_as_the_customer_accepts_nothing(
    app: App, make_client: Callable[[], Browser], ana: Household
) -> None:
    number = sent(app, ana)
    owner = create_user(app, "owner@correio.example", "portal_owner", customer_id=ana.customer_id)
    create_user(app, "boss@example.com", "administrator")
    client = make_client().sign_in("boss@example.com")
    client.submit(f"/users/{owner}/impersonate", {"reason": "Asked for help"}, page="/users")
    here = f"/portal/contracts/{number}"
    assert number in client.get(here).text
    refused = client.submit(f"{here}/accept", ANSWER)
    assert "may do this" in refused.text
    assert status(app, number) == "sent"
