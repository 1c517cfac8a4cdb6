"""Customers with hundreds of contacts, sites, files and messages: a page at a time, with a search among them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from trunkline.app import App
from trunkline.contracts.models import Contract
from trunkline.customers import operations as customers
from trunkline.customers.models import Contact, CustomerKind, Site
from trunkline.customers.schemas import RegisterCustomer
from trunkline.files.models import StoredFile
from trunkline.interactions.models import Channel, Interaction
from trunkline.mail.models import Email
from trunkline.testing import Browser

pytestmark = pytest.mark.plugins()


@pytest.fixture
def number(app: App) -> str:
    """A customer with 120 of each."""
    with app.unit_of_work() as ctx:
        customer = customers.register(
            ctx, RegisterCustomer(kind=CustomerKind.BUSINESS, name="Ótica Três Irmãos")
        )
        key, began = customer.key, datetime(2026, 1, 1, tzinfo=UTC)
        ctx.session.add_all(
            Contact(customer_id=key, name=f"Person {n:03d}", phone=f"+5551998{n:06d}") for n in range(119)
        )
        ctx.session.add(Contact(customer_id=key, name="João Conceição"))
        ctx.session.add_all(
            Site(customer_id=key, name=f"Branch {n:03d}", street=f"Road {n}", country="BR")
            for n in range(120)
        )
        ctx.session.add_all(
            Interaction(
                number=f"20260101-{n:06d}",
                customer_id=key,
                channel=Channel.PHONE if n % 2 else Channel.CHAT,
                subject=f"Call {n:03d}",
                text="A long story. " * 20,
                at=began + timedelta(hours=n),
            )
            for n in range(120)
        )
        ctx.session.add_all(
            Contract(number=f"K{n:06d}", customer_id=key, title=f"Contract {n:03d}", currency="BRL")
            for n in range(120)
        )
        ctx.session.add_all(
            StoredFile(
                customer_id=key, name=f"Letter {n:03d}", media_type="application/pdf", size=1, digest=str(n)
            )
            for n in range(120)
        )
        ctx.session.add_all(
            Email(
                number=f"E{n:08d}",
                unique_key=str(n),
                message_id=str(n),
                sender="us@example.com",
                recipient="them@example.com",
                template="core/mail/protocol_number",
                subject=f"Subject {n:03d}",
                queued_at=began + timedelta(hours=n),
                customer_id=key,
            )
            for n in range(120)
        )
        return customer.number


def _shown(browser: Browser, address: str, word: str) -> list[str]:
    page = browser.get(address).text
    return [f"{word} {n:03d}" for n in range(120) if f"{word} {n:03d}<" in page]


@pytest.mark.parametrize(("tab", "word"), [("contacts", "Person"), ("sites", "Branch")])
def test_each_is_on_one_of_the_pages(number: str, staff: Callable[..., Browser], tab: str, word: str) -> None:
    browser, here = staff("customer_care"), f"/customers/{number}/{tab}"
    pages = [_shown(browser, f"{here}?page={at}", word) for at in (1, 2, 3)]
    # João stands before the persons.
    assert [len(page) for page in pages[:2]] == [49 if tab == "contacts" else 50, 50]
    assert [one for page in pages for one in page] == [
        f"{word} {n:03d}" for n in range(119 if tab == "contacts" else 120)
    ]
    # An address that means nothing shows the first page, one beyond the last the last.
    assert _shown(browser, f"{here}?page=nothing", word) == pages[0]
    assert _shown(browser, f"{here}?page=99", word) == pages[2]


@pytest.mark.parametrize(
    ("tab", "word"), [("contracts", "Contract"), ("files", "Letter"), ("messages", "Subject")]
)
def test_the_oldest_can_be_reached_where_the_newest_stand_first(
    number: str, staff: Callable[..., Browser], tab: str, word: str
) -> None:
    browser, here = staff("customer_care"), f"/customers/{number}/{tab}"
    pages = [_shown(browser, f"{here}?page={at}", word) for at in (1, 2, 3)]
    assert [len(page) for page in pages] == [50, 50, 20]
    assert sorted(one for page in pages for one in page) == [f"{word} {n:03d}" for n in range(120)]
    assert _shown(browser, f"{here}?q={word}+117", word) == [f"{word} 117"]


def test_messages_of_one_moment_stand_on_one_page_each(
    app: App, number: str, staff: Callable[..., Browser]
) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.execute(update(Email).values(queued_at=datetime(2026, 1, 1, tzinfo=UTC)))
    browser, here = staff("customer_care"), f"/customers/{number}/messages"
    pages = "".join(browser.get(f"{here}?page={at}").text for at in (1, 2, 3))
    assert re.findall(r"Subject \d{3}", pages) == [f"Subject {n:03d}" for n in reversed(range(120))]


def test_contacts_are_found_without_accents_and_by_the_last_figures(
    number: str, staff: Callable[..., Browser]
) -> None:
    browser, here = staff("customer_care"), f"/customers/{number}/contacts"
    assert "João Conceição" in browser.get(f"{here}?q=conceicao+JOAO").text
    assert _shown(browser, f"{here}?q=000117", "Person") == ["Person 117"]
    nothing = browser.get(f"{here}?q=nobody").text
    assert "Nothing matches" in nothing
    assert f'href="{here}"' in nothing


def test_few_contacts_stand_without_a_search(app: App, staff: Callable[..., Browser]) -> None:
    with app.unit_of_work() as ctx:
        customer = customers.register(ctx, RegisterCustomer(kind=CustomerKind.BUSINESS, name="Ana Souza"))
        ctx.session.add(Contact(customer_id=customer.key, name="Bruno Weber"))
    page = staff("customer_care").get(f"/customers/{customer.number}/contacts?q=nobody").text
    assert "Bruno Weber" in page
    assert 'role="search" method="get"' not in page.partition('id="main"')[2]


def test_every_interaction_can_be_reached_from_the_customer(
    number: str, staff: Callable[..., Browser]
) -> None:
    browser, here = staff("customer_care"), f"/customers/{number}/interactions"
    newest = browser.get(here)
    assert _shown(browser, here, "Call") == [f"Call {n:03d}" for n in range(70, 120)]
    assert f'href="{here}/20260101-000119"' in newest.text
    assert _shown(browser, f"{here}?q=20260101-000003", "Call") == ["Call 003"]
    assert len(_shown(browser, f"{here}?channel=chat&sort=at", "Call")) == 50
    assert _shown(browser, f"{here}?at_to=2026-01-01", "Call")[0] == "Call 000"
