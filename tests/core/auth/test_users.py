"""Colleagues as administrators see them, and what people change about themselves."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.core.auth.test_invitations import BRUNO, NEW
from tests.core.customers.test_customer_pages import add
from trunkline.access import queries as access
from trunkline.app import App
from trunkline.auth import links, operations, queries, sign_in
from trunkline.auth.models import User, UserSession, UserStatus
from trunkline.auth.schemas import EditUser
from trunkline.auth.sessions import RequestFacts
from trunkline.customers.models import Customer
from trunkline.errors import Conflict, Forbidden, Refused
from trunkline.operation import Actor, ActorKind
from trunkline.search.indexing import index_due
from trunkline.testing import Browser, actor_with, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


def test_people_change_their_name_and_see_pages_in_their_language(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser = staff("cashier")
    saved = browser.submit("/profile", {"name": "Ana Souza", "language": "pt_BR"}).text
    assert "Salvo." in saved, "in the language that was chosen, and not in the one before"
    shown = browser.get("/profile")
    assert 'lang="pt-BR"' in shown.text
    assert "Ana Souza" in shown.text


def test_a_session_is_ended_from_the_profile_of_its_own_user_only(
    app: App, make_client: Callable[[], Browser]
) -> None:
    create_user(app, "ana@example.com", "cashier")
    create_user(app, "bia@example.com", "cashier")
    here, there = (make_client().sign_in("ana@example.com") for _n in range(2))
    with app.reading() as ctx:
        newest = ctx.session.scalars(select(col(UserSession.id)).order_by(col(UserSession.id).desc())).first()
    stranger = make_client().sign_in("bia@example.com")
    stranger.submit(f"/profile/sessions/{newest}/end", page="/profile")
    assert there.get("/profile", follow_redirects=False).status_code == 200
    here.submit(f"/profile/sessions/{newest}/end", page="/profile")
    assert there.get("/profile", follow_redirects=False).status_code == 303


@pytest.mark.both_databases
def test_the_last_administrator_can_be_neither_disabled_nor_demoted(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    with app.unit_of_work() as ctx:
        with pytest.raises(Refused, match="last administrator"):
            operations.disable_user(ctx, key)
        with pytest.raises(Refused, match="last administrator"):
            operations.edit_user(ctx, key, EditUser(name="Boss", language="en", roles=["cashier"]))
    create_user(app, "second@example.com", "administrator")
    with app.unit_of_work() as ctx:
        operations.disable_user(ctx, key)
    with app.reading() as ctx:
        assert queries.user(ctx, key).status == UserStatus.DISABLED


def test_an_invited_administrator_does_not_count_as_one_who_can_sign_in(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    with app.unit_of_work() as ctx:
        operations.invite_staff(ctx, BRUNO.model_copy(update={"roles": ["administrator"]}))
        with pytest.raises(Refused, match="last administrator"):
            operations.disable_user(ctx, key)


def test_nobody_disables_themselves(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    create_user(app, "second@example.com", "administrator")
    actor = Actor(ActorKind.STAFF, key, "Boss", permissions=None)
    with app.unit_of_work(actor) as ctx, pytest.raises(Refused, match="cannot disable yourself"):
        operations.disable_user(ctx, key)


def test_nobody_gives_a_role_that_grants_more_than_they_hold(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    limited = actor_with("core.user.edit", "core.user.view")
    with app.unit_of_work(limited) as ctx:
        for role in ("administrator", "supervisor"):
            with pytest.raises(Forbidden, match="grants more than you hold"):
                operations.edit_user(ctx, key, EditUser(name="Ana", language="en", roles=["cashier", role]))


def test_nobody_disables_somebody_who_holds_more(app: App) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    create_user(app, "second@example.com", "administrator")
    with app.unit_of_work(actor_with("core.user.disable")) as ctx, pytest.raises(Forbidden):
        operations.disable_user(ctx, key)


def test_the_second_editor_of_a_user_is_told(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    with app.unit_of_work() as ctx:
        seen = queries.user(ctx, key).version
        operations.edit_user(ctx, key, EditUser(name="Ana", language="en", roles=["auditor"], version=seen))
    with app.unit_of_work() as ctx, pytest.raises(Conflict):
        operations.edit_user(ctx, key, EditUser(name="Ana", language="en", roles=["cashier"], version=seen))
    with app.reading() as ctx:
        assert [role.name for role in access.roles_of(ctx, key)] == ["auditor"]


def test_an_administrator_invites_edits_and_disables_on_the_pages(
    app: App, staff: Callable[..., Browser]
) -> None:
    boss = staff()
    fields = {"email": "bruno@example.com", "name": "Bruno", "language": "en", "roles": ["cashier"]}
    shown = boss.submit("/users/new", fields)
    assert "bruno@example.com" in shown.text
    with app.reading() as ctx:
        user = queries.by_email(ctx, "bruno@example.com")
        assert user is not None
    page = f"/users/{user.key}"
    boss.submit(
        f"{page}/edit",
        {"name": "Bruno Reis", "language": "en", "roles": ["cashier", "auditor"], "version": user.version},
    )
    assert "Bruno Reis" in boss.get(page).text
    assert "Bruno Reis" in boss.get("/users?q=bruno").text
    assert "Bruno Reis" not in boss.get("/users?q=nobody").text
    boss.submit(f"{page}/disable", page=page)
    with app.reading() as ctx:
        assert queries.user(ctx, user.key).status == UserStatus.DISABLED


def test_whoever_may_only_look_gets_no_buttons_and_no_way_to_act(
    app: App, staff: Callable[..., Browser]
) -> None:
    key = create_user(app, "ana@example.com", "cashier")
    auditor = staff("auditor")
    page = auditor.get(f"/users/{key}")
    assert page.status_code == 200
    assert f"/users/{key}/disable" not in page.text
    assert auditor.submit(f"/users/{key}/disable", page="/profile").status_code == 403
    assert auditor.get("/users/new").status_code == 403
    with app.reading() as ctx:
        assert ctx.load(User, key).status == UserStatus.ACTIVE


def test_the_command_line_makes_users_who_can_sign_in_at_once(app: App) -> None:
    made = operations.create_staff_user(app, "Root@Example.com", "administrator", NEW, name="Root")
    assert sign_in.prove(app, "root@example.com", NEW, RequestFacts()).user_id == made.id
    with pytest.raises(Refused, match="at least 10 characters"):
        operations.create_staff_user(app, "two@example.com", "administrator", "short")
    with pytest.raises(Refused, match="no role"):
        operations.create_staff_user(app, "two@example.com", "pilot", NEW)
    with pytest.raises(Refused, match="cannot be used"):
        operations.create_staff_user(app, "no-address", "administrator", NEW)


def test_without_a_password_the_command_line_gives_a_link(app: App) -> None:
    made = operations.create_staff_user(app, "root@example.com", "administrator")
    with app.unit_of_work() as ctx:
        assert links.spend(ctx, made.link.rpartition("/")[2], NEW).key == made.id


def test_people_are_found_by_the_beginning_of_their_name_or_address_and_by_any_word(
    app: App, staff: Callable[..., Browser]
) -> None:
    customer = add(app, "Padaria Estrela")
    with app.reading() as ctx:
        key = ctx.load_by(Customer, Customer.number, customer).key
    people = {
        "Roberto Lima": create_user(app, "beto@example.com", "portal_owner", customer_id=key),
        "Carla Dias": create_user(app, "carla@example.com", "cashier"),
    }
    with app.unit_of_work() as ctx:
        for name, person in people.items():
            ctx.session.get_one(User, person).name = name
    index_due(app)
    boss = staff()
    for query in ("rober", "Roberto L", "beto@", "lima", "estrela"):
        assert "Roberto Lima" in boss.get(f"/users?view=portal&q={query}").text, query
        assert "Roberto Lima" not in boss.get(f"/users?q={query}").text, query
    for query in ("carla", "dias", "carla@example.com"):
        assert "Carla Dias" in boss.get(f"/users?q={query}").text, query
    assert "Padaria Estrela" in boss.get("/customers?q=lima").text
    with app.unit_of_work() as ctx:
        ctx.session.get_one(User, people["Roberto Lima"]).name = "Roberto Prado"
    index_due(app)
    assert "Padaria Estrela" in boss.get("/customers?q=prado").text
    assert "Padaria Estrela" not in boss.get("/customers?q=lima").text
