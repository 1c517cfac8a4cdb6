"""What customers see, and that they see nothing of anybody else."""

import re
from collections.abc import Callable

import pytest

from tests.plugins.portal.conftest import Household, owed
from trunkline.app import App
from trunkline.i18n import format_money
from trunkline.testing import Browser
from trunkline.web.writing import phone_text

PortalClient = Callable[..., Browser]


def test_home_shows_first_what_is_to_be_paid_then_the_services(
    app: App, portal_client: PortalClient, ana: Household
) -> None:
    page = portal_client(ana).get("/portal").text
    amount = format_money(int(owed(app, ana) * 10**6), "BRL", "en")
    assert amount in page
    assert "Mobile 10 GB" in page
    assert page.index(amount) < page.index("Your services")
    assert "2.5 GB of 10 GB used" in page.replace("\u00a0", " ")


def test_a_service_shows_number_card_and_what_is_left(portal_client: PortalClient, ana: Household) -> None:
    page = portal_client(ana).get(f"/portal/services/{ana.service}").text
    assert ana.service in page
    assert "895599" in page
    assert "2 of 100 min used" in page.replace("\u00a0", " ")


def test_usage_lists_calls_messages_and_data_and_can_be_narrowed(
    portal_client: PortalClient, ana: Household
) -> None:
    client = portal_client(ana)
    everything = client.get("/portal/usage").text
    assert all(word in everything for word in ("Call", "Message", "2.5"))
    assert f"Mobile 10 GB · {phone_text(ana.msisdn)}" in everything
    calls = client.get("/portal/usage?type=voice").text
    assert "Brazil" in calls
    assert "SMS" not in calls
    assert "Nothing matches" in client.get("/portal/usage?start_to=2020-01-01").text


def test_an_invoice_is_listed_opened_and_downloaded(portal_client: PortalClient, ana: Household) -> None:
    client = portal_client(ana)
    assert ana.invoice in client.get("/portal/invoices").text
    shown = client.get(f"/portal/invoices/{ana.invoice}").text.replace("\N{NO-BREAK SPACE}", " ")
    assert all(text in shown for text in ("Mobile 10 GB", "Calls", "1 min 30 s", "2.5 GB"))
    pdf = client.get(f"/portal/invoices/{ana.invoice}/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert ana.invoice in pdf.headers["content-disposition"]


@pytest.mark.both_databases
def test_every_address_of_a_neighbour_is_absent(
    portal_client: PortalClient, ana: Household, bruno: Household
) -> None:
    client = portal_client(ana)
    for path in (
        f"/portal/services/{bruno.service}",
        f"/portal/invoices/{bruno.invoice}",
        f"/portal/invoices/{bruno.invoice}/pdf",
        f"/portal/invoices/{bruno.invoice}/lines.csv",
        f"/portal/invoices/{bruno.invoice}/lines.xlsx",
    ):
        assert client.get(path).status_code == 404, path
    for path in ("/portal", "/portal/services", "/portal/usage", "/portal/invoices", "/portal/account"):
        text = client.get(path).text
        for fact in (bruno.number, bruno.service, bruno.msisdn, bruno.invoice, "Bruno"):
            assert fact not in text, (path, fact)


@pytest.mark.parametrize(
    ("role", "open_to", "closed_to"),
    [
        ("portal_finance", ["/portal", "/portal/invoices"], ["/portal/services", "/portal/usage"]),
        ("portal_technical", ["/portal", "/portal/services", "/portal/usage"], ["/portal/invoices"]),
    ],
)
def test_a_contact_sees_only_what_the_role_is_for(
    portal_client: PortalClient, ana: Household, role: str, open_to: list[str], closed_to: list[str]
) -> None:
    client = portal_client(ana, role)
    for path in open_to:
        assert client.get(path).status_code == 200, path
    for path in closed_to:
        assert client.get(path).status_code == 403, path
        assert f'href="{path}"' not in client.get("/portal").text


def test_staff_are_not_customers(staff: Callable[..., Browser], ana: Household) -> None:
    assert staff().get("/portal").status_code == 403


def test_a_customer_opens_no_page_of_staff(portal_client: PortalClient, ana: Household) -> None:
    client = portal_client(ana)
    for path in ("/customers", f"/customers/{ana.number}", "/jobs", f"/portal/staff/{ana.number}/invite"):
        assert client.get(path).status_code == 403, path


def test_customers_change_their_language_and_read_pages_in_it(
    portal_client: PortalClient, ana: Household
) -> None:
    client = portal_client(ana)
    saved = client.submit(
        "/portal/account/profile", {"name": "Ana S.", "language": "pt_BR"}, page="/portal/account"
    )
    assert saved.status_code == 200
    page = client.get("/portal").text
    assert 'lang="pt-BR"' in page
    assert "Ana" in page
    refused = client.submit(
        "/portal/account/profile", {"name": "", "language": "pt_BR"}, page="/portal/account"
    )
    assert refused.status_code == 422


def test_a_password_is_changed_only_with_the_old_one(
    portal_client: PortalClient, make_client: Callable[[], Browser], ana: Household
) -> None:
    client = portal_client(ana)
    new = "uma frase comprida de ninguem"
    wrong = {"current": "nope", "password": new, "repeated": new}
    answer = client.submit("/portal/account/password", wrong, page="/portal/account")
    assert answer.status_code == 422
    assert "current password" in answer.text
    right = {**wrong, "current": "correct horse battery staple"}
    assert client.submit("/portal/account/password", right, page="/portal/account").status_code == 200
    make_client().sign_in(f"owner-{ana.number.lower()}@correio.example", new)


def test_payments_belong_to_the_invoices_in_the_menu(
    ana: Household, portal_client: Callable[..., Browser]
) -> None:
    current = re.compile(r'<a[^>]*href="([^"]+)"[^>]*aria-current="page"')
    browser = portal_client(ana)
    for path, entry in {"/portal": "/portal", "/portal/payments": "/portal/invoices"}.items():
        assert set(current.findall(browser.get(path).text)) == {entry}, path
