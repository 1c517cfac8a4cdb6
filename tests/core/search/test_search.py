"""Finding things."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from trunkline import plugin
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.customers import operations
from trunkline.customers.schemas import ContactData, RegisterCustomer, UpdateCustomer
from trunkline.db.haste import within
from trunkline.operation import Actor, ActorKind, Scope
from trunkline.search.folding import differ_little, fold, read_query
from trunkline.search.indexing import drop, index_due, rebuild
from trunkline.search.models import SearchDirty, SearchDocument
from trunkline.search.queries import find, look_for
from trunkline.search.writing import write
from trunkline.testing import Browser, actor_with, create_user

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]


def add(app: App, name: str, **values: Any) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": name, **values})
        return operations.register(ctx, command).number


def titles(app: App, query: str, actor: Actor | None = None) -> list[str]:
    with app.reading(actor) if actor else app.reading() as ctx:
        return [hit.title for group in find(ctx, query) for hit in group.hits]


@pytest.mark.parametrize(
    "query",
    ["José", "jose", "CONCEICAO", "jo con", "conceição josé", "529.982.247-25", "52998224725", "247-25", "4567",
     "+55 51 99123-4567", "ana@ex", "C000001", "recife", "carla", "recife j", "c recife j"],
)  # fmt: skip
def test_a_customer_is_found_by(app: App, query: str) -> None:
    number = add(
        app,
        "José da Conceição",
        tax_id="52998224725",
        phone="51 99123-4567",
        email="ana@example.com",
        address={"city": "Recife"},
    )
    add(app, "Somebody Else", phone="11 98888-7777")
    with app.unit_of_work() as ctx:
        operations.add_contact(ctx, number, ContactData(name="Carla Menezes"))
    index_due(app)
    assert titles(app, query) == ["José da Conceição"]


@pytest.mark.parametrize("query", ["", "  ", "xyz", "jose xyz", "conceicao x", "jos z", "%", "_", "'", "📞"])
def test_what_is_not_there_is_not_found(app: App, query: str) -> None:
    add(app, "José da Conceição")
    index_due(app)
    assert titles(app, query) == []


def test_changes_are_indexed_and_archived_customers_leave(app: App) -> None:
    number = add(app, "Ana Souza", status="pending")
    index_due(app)
    with app.unit_of_work() as ctx:
        operations.update(ctx, number, UpdateCustomer(name="Beatriz Lima"))
    assert index_due(app) >= 1
    assert titles(app, "ana") == []
    assert titles(app, "beatriz") == ["Beatriz Lima"]
    with app.unit_of_work() as ctx:
        operations.archive(ctx, number)
    index_due(app)
    assert titles(app, "beatriz") == []
    with app.reading() as ctx:
        assert ctx.session.scalars(select(SearchDirty)).all() == []


def test_what_stays_of_a_changed_title_is_found_as_before_and_what_goes_is_not(app: App) -> None:
    number = add(app, "Ana Souza")
    index_due(app)
    for name in ("Beatriz Souza", "Beatriz Souza", "Souza Beatriz"):
        with app.unit_of_work() as ctx:
            operations.update(ctx, number, UpdateCustomer(name=name))
        index_due(app)
        found = {query: titles(app, query) for query in ("souza", number, "beat", "ana", "ana s")}
        assert found == {"souza": [name], number: [name], "beat": [name], "ana": [], "ana s": []}


def test_titles_that_begin_so_come_first_then_whole_words_then_beginnings_of_words(app: App) -> None:
    for name in ("Maria Ana", "Ana Zulmira", "Ana", "Beto Ananias"):
        add(app, name)
    index_due(app)
    assert titles(app, "ana") == ["Ana", "Ana Zulmira", "Maria Ana", "Beto Ananias"]


def test_nothing_is_found_without_its_permission(app: App) -> None:
    add(app, "Ana Souza")
    index_due(app)
    assert titles(app, "ana", actor_with("core.search.use")) == []
    assert titles(app, "ana", actor_with("core.customer.view")) == ["Ana Souza"]


def test_nothing_is_found_outside_of_the_scope(app: App) -> None:
    add(app, "Ana Souza")
    add(app, "Ana Lima")
    index_due(app)
    with app.reading() as ctx:
        key = ctx.session.scalars(
            select(SearchDocument.customer_id).where(SearchDocument.title == "Ana Lima")
        ).one()
    assert key is not None
    portal = Actor(ActorKind.PORTAL, None, "p", frozenset({"core.customer.view"}), Scope(frozenset({key})))
    assert titles(app, "ana", portal) == ["Ana Lima"]
    reseller = Actor(ActorKind.STAFF, None, "r", None, Scope(reseller_id=99))
    assert titles(app, "ana", reseller) == []


def test_a_rebuild_makes_the_index_whole(app: App) -> None:
    add(app, "Ana Souza")
    index_due(app)
    ghost = plugin.SearchDocument("customer", 4711, "Ghost", "/", "core.customer.view")
    with app.unit_of_work() as ctx:
        drop(ctx, col(SearchDocument.kind) == "customer")
        write(ctx, "customer", [], [ghost])
    assert (titles(app, "ana"), titles(app, "ghost")) == ([], ["Ghost"])
    assert rebuild(app) > 1
    assert (titles(app, "ana"), titles(app, "ghost")) == (["Ana Souza"], [])
    with app.unit_of_work() as ctx:
        beginnings = ctx.session.execute(text("SELECT * FROM search_key ORDER BY key")).all()
        ctx.session.execute(text("DELETE FROM search_key"))
    rebuild(app)
    with app.reading() as ctx:
        assert ctx.session.execute(text("SELECT * FROM search_key ORDER BY key")).all() == beginnings


def test_a_title_is_found_by_its_words_in_any_order_and_in_spite_of_a_typing_error(app: App) -> None:
    add(app, "Maria Aparecida Conceição")
    add(app, "Marcos Pereira")
    index_due(app)
    for query in ("aparecida con", "conceicao maria", "conceicoa", "mraia", "aparacida maria", "conseicao"):
        assert titles(app, query) == ["Maria Aparecida Conceição"], query
    assert titles(app, "marcos conseicao") == []


@pytest.mark.parametrize(
    "query",
    [
        "aprecidda",
        "aparezido",
        "paaercida",
        "apaecda maria",
        "maira aparceidda",
        "mario aparecida",
        "maria conceicoa",
    ],
)
def test_a_name_is_found_in_spite_of_two_mistakes_in_a_long_word_and_of_one_that_makes_it_anothers(
    app: App, query: str
) -> None:
    add(app, "Maria Aparecida Conceição")
    add(app, "Mario Pereira")
    index_due(app)
    assert titles(app, query) == ["Maria Aparecida Conceição"]


@pytest.mark.parametrize("query", ["mroai", "aprexiddo", "pereira aparecida", "mario"])
def test_what_is_too_far_from_a_name_is_not_found_by_likeness(app: App, query: str) -> None:
    add(app, "Maria Aparecida Conceição")
    index_due(app)
    add(app, "Mario Pereira")
    index_due(app)
    assert "Maria Aparecida Conceição" not in titles(app, query)


@pytest.mark.parametrize(
    ("one", "other", "mistakes"),
    [
        ("aparecida", "aparecida", 0),
        ("aparecida", "aparecdia", 1),
        ("aparecida", "aparecid", 1),
        ("aparecida", "aaparecida", 1),
        ("aparecida", "paaercida", 2),
        ("aparecida", "parezidoo", 4),
        ("aparecida", "parecidaa", 2),
        ("ab", "", 2),
    ],
)
def test_mistakes_are_counted(one: str, other: str, mistakes: int) -> None:
    assert [differ_little(one, other, most) for most in range(4)] == [most >= mistakes for most in range(4)]


def test_who_types_on_is_not_kept_waiting_and_can_go_on_afterwards(app: App) -> None:
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n"
        if app.database.is_sqlite
        else "SELECT pg_sleep(60)"
    )
    with app.reading() as ctx:
        assert within(ctx.session, 0.03, lambda: ctx.session.execute(text(slow)).scalar()) is None
        assert within(ctx.session, 5, lambda: ctx.session.execute(text("SELECT 1")).scalar()) == 1
        assert ctx.session.execute(text("SELECT 2")).scalar() == 2


@pytest.mark.parametrize("query", ["Concecao", "Concecao So", "Ana Concecao"])
def test_a_mistake_in_a_name_that_too_many_have_finds_those_whose_name_begins_so(
    app: App, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    add(app, "Ana Conceicao Souza")
    index_due(app)
    # So many that looking all of them up takes too long.
    monkeypatch.setattr("trunkline.search.queries.within", lambda *_arguments: None)
    with app.reading() as ctx:
        found = look_for(ctx, query, hurried=True)
    assert [hit.title for hit in found.hits] == ["Ana Conceicao Souza"]
    assert found.by_likeness


def test_numbers_are_found_by_figures_from_their_middle(app: App) -> None:
    add(app, "Ana Souza", phone="51 99123-4567")
    index_due(app)
    assert titles(app, "991234") == ["Ana Souza"]
    assert titles(app, "99124") == []


def test_the_palette_gets_options_and_the_page_a_list(app: App, staff: Callable[..., Browser]) -> None:
    number = add(app, "Ana Souza")
    index_due(app)
    browser = staff("customer_care")
    options = browser.get("/search?q=ana", headers={"HX-Request": "true"}).text
    assert 'role="option"' in options
    assert f'href="/customers/{number}"' in options
    assert "<html" not in options
    assert f'href="/customers/{number}"' in browser.get("/search?q=ana").text
    assert 'href="/customers/add"' in browser.get("/search?q=add cust").text
    assert 'href="/customers/add"' not in staff("auditor").get("/search?q=add cust").text
    assert "Nothing found" in browser.get("/search?q=zzz").text


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("plugins", "/system/plugins"),
        ("permis", "/permissions"),
        ("your account", "/profile"),
        ("change password", "/profile"),
        ("performance", "/jobs/performance"),
        ("invite colleague", "/users/new"),
        ("sign out", "/sign-out"),
        ("log out", "/sign-out"),
        ("language", "/profile#f-language"),
        ("idioma", "/profile#f-language"),
        ("dark", "/profile#appearance"),
        ("density", "/profile#appearance"),
        ("passkey", "/profile/second-factor"),
        ("api keys", "/profile"),
        # Without its hyphen, in another number, with a slip of the finger.
        ("emails", "/emails"),
        ("duplicates", "/customers/duplicates"),
        ("perfromance", "/jobs/performance"),
    ],
)
def test_pages_that_stand_in_no_menu_are_found_by_name(
    asked: str, path: str, staff: Callable[..., Browser]
) -> None:
    assert f'href="{path}"' in staff().get("/search", params={"q": asked}).text


def test_commands_are_found_in_the_words_of_who_asks(app: App, make_client: Callable[[], Browser]) -> None:
    create_user(app, "rui@example.com", "cashier")
    with app.unit_of_work() as ctx:
        ctx.load_by(User, User.email, "rui@example.com").language = "pt_BR"
    browser = make_client().sign_in("rui@example.com")
    assert 'href="/sign-out"' in browser.get("/search?q=sair").text


def test_signing_out_by_name_asks_and_then_does_it(staff: Callable[..., Browser]) -> None:
    browser = staff("cashier")
    assert 'action="/sign-out"' in browser.get("/sign-out").text
    browser.submit("/sign-out", {}, page="/sign-out")
    assert browser.get("/profile", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_the_account_has_what_the_palette_leads_to(staff: Callable[..., Browser]) -> None:
    page = staff("cashier").get("/profile").text.partition("<main")[2]
    for part in ('id="f-language"', 'id="appearance"', 'data-set-theme="dark"', 'data-set-density="roomy"'):
        assert part in page


def test_a_page_is_found_by_those_who_may_open_it(staff: Callable[..., Browser]) -> None:
    cashier = staff("cashier")
    assert 'href="/system/plugins"' not in cashier.get("/search?q=plugins").text
    assert 'href="/profile"' in cashier.get("/search?q=your account").text.partition("<main")[2]


def test_folding_takes_accents_and_case_away() -> None:
    assert fold("São JOÃO Çelik ß") == "sao joao celik ss"
    assert read_query("(51) 99123-4567").number == "51991234567"
    assert read_query("rua 12").words == ("rua", "12")
