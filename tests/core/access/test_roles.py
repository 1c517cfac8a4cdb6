"""Roles: what built-in ones are seeded with, what operators change, and what stays."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from trunkline import trunk
from trunkline.access import matrix, operations, queries
from trunkline.access.models import RoleGrant
from trunkline.access.roles import BUILTIN_ROLES, permissions_of, seed_roles
from trunkline.access.schemas import CreateRole, EditRole
from trunkline.app import App
from trunkline.errors import Conflict, Forbidden, Refused
from trunkline.plugin import Permission
from trunkline.testing import PASSWORD, Browser, actor_with, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()


NIGHT = CreateRole(name="night_shift", label="Night shift", description="", audience="staff", copy_of="")


def grants(app: App, name: str) -> frozenset[str]:
    with app.reading() as ctx:
        return queries.grants_of(ctx, queries.role(ctx, name).key)


def edit(app: App, name: str, *permissions: str) -> None:
    with app.unit_of_work() as ctx:
        operations.edit_role(ctx, name, EditRole(label=name, description="", permissions=list(permissions)))


@pytest.mark.both_databases
def test_built_in_roles_get_the_permissions_that_name_them(app: App) -> None:
    wanted = {p.name for p in app.permissions.values() if "auditor" in p.roles}
    assert grants(app, "auditor") == wanted
    assert "core.user.list" in wanted
    with app.reading() as ctx:
        assert {role.name for role in BUILTIN_ROLES} <= set(queries.permissions_by_role(ctx))


def test_every_role_that_a_permission_names_exists(app: App) -> None:
    audiences = {role.name: role.audience for role in BUILTIN_ROLES}
    for permission in app.permissions.values():
        for name in permission.roles:
            assert audiences.get(name) == permission.audience, f"{permission.name} names {name}"


def test_seeding_again_changes_nothing(app: App) -> None:
    with app.unit_of_work() as ctx:
        count = select(func.count()).select_from(RoleGrant)
        before = ctx.session.scalar(count)
        seed_roles(ctx.session, app.permissions.values())
        assert ctx.session.scalar(count) == before


def test_an_upgrade_gives_new_permissions_but_never_what_an_operator_took(app: App) -> None:
    kept = grants(app, "cashier") - {"core.customer.view"}
    edit(app, "cashier", *kept)
    fresh = Permission("core.till.view", "See the till", ("cashier",))
    with app.unit_of_work() as ctx:
        seed_roles(ctx.session, [*app.permissions.values(), fresh])
    assert grants(app, "cashier") == kept | {"core.till.view"}


def test_what_an_operator_added_to_a_built_in_role_stays(app: App) -> None:
    edit(app, "cashier", *grants(app, "cashier"), "core.settings.view")
    with app.unit_of_work() as ctx:
        seed_roles(ctx.session, app.permissions.values())
    assert "core.settings.view" in grants(app, "cashier")


@pytest.mark.both_databases
def test_permissions_of_several_roles_add_up(app: App) -> None:
    key = create_user(app, "ana@example.com", "cashier", "auditor")
    with app.reading() as ctx:
        assert permissions_of(ctx.session, key) == grants(app, "cashier") | grants(app, "auditor")


def test_administrators_hold_everything(app: App) -> None:
    key = create_user(app, "root@example.com", "administrator")
    with app.reading() as ctx:
        assert permissions_of(ctx.session, key) is None


def test_a_role_of_ones_own_begins_as_a_copy_and_grants_from_the_next_click(
    app: App, staff: Callable[..., Browser]
) -> None:
    with app.unit_of_work() as ctx:
        operations.create_role(ctx, NIGHT.model_copy(update={"copy_of": "cashier"}))
    assert grants(app, "night_shift") == grants(app, "cashier")
    browser = staff("night_shift")
    assert browser.get("/users").status_code == 403
    edit(app, "night_shift", "core.user.list")
    assert browser.get("/users").status_code == 200


def test_a_name_is_taken_once(app: App) -> None:
    with app.unit_of_work() as ctx, pytest.raises(Conflict) as refused:
        operations.create_role(ctx, NIGHT.model_copy(update={"name": "cashier"}))
    assert refused.value.field == "name"


def test_administrators_cannot_be_narrowed(app: App) -> None:
    with pytest.raises(Refused, match="hold every permission"):
        edit(app, "administrator", "core.user.list")


@pytest.mark.parametrize(
    ("permission", "message"),
    [("pbx.queue.view", "No enabled plugin declares"), ("portal", "No enabled plugin declares")],
)
def test_a_permission_that_nobody_declares_is_refused(app: App, permission: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        edit(app, "cashier", permission)


def test_a_role_for_customers_gets_no_permission_of_staff(app: App) -> None:
    with pytest.raises(Refused, match="not for this kind of role"):
        edit(app, "portal_owner", "core.user.list")


def test_nobody_grants_what_they_do_not_hold(app: App) -> None:
    limited = actor_with("core.role.edit", "core.role.create")
    with app.unit_of_work(limited) as ctx:
        operations.create_role(ctx, NIGHT)
        with pytest.raises(Forbidden, match="do not hold"):
            operations.edit_role(
                ctx,
                "night_shift",
                EditRole(label="Night", description="", permissions=["core.settings.edit"]),
            )


def test_grants_of_a_disabled_plugin_survive_an_edit(app: App) -> None:
    with app.unit_of_work() as ctx:
        ctx.session.add(RoleGrant(role_id=queries.role(ctx, "cashier").key, permission="pbx.queue.view"))
    edit(app, "cashier", "core.user.list")
    assert grants(app, "cashier") == {"core.user.list", "pbx.queue.view"}


def test_the_second_editor_of_a_role_is_told(app: App) -> None:
    with app.reading() as ctx:
        seen = queries.role(ctx, "cashier").version
    edit(app, "cashier", "core.user.list")
    with app.unit_of_work() as ctx, pytest.raises(Conflict):
        operations.edit_role(
            ctx, "cashier", EditRole(label="Cashier", description="", permissions=[], version=seen)
        )


def test_a_role_is_removed_only_when_nobody_holds_it_and_never_when_built_in(app: App) -> None:
    with app.unit_of_work() as ctx:
        operations.create_role(ctx, NIGHT)
    create_user(app, "ana@example.com", "night_shift")
    with app.unit_of_work() as ctx:
        with pytest.raises(Refused, match="1 people hold this role"):
            operations.delete_role(ctx, "night_shift")
        with pytest.raises(Refused, match="Built-in roles stay"):
            operations.delete_role(ctx, "cashier")
        operations.create_role(ctx, NIGHT.model_copy(update={"name": "unused"}))
        operations.delete_role(ctx, "unused")


def test_the_matrix_changes_what_a_role_grants(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff()
    browser.submit(
        "/roles/new",
        {"name": "night_shift", "label": "Night shift", "audience": "staff"},
    )
    shown = browser.get("/roles/night_shift/edit").text
    assert 'name="may_core_user"' in shown
    fields = {"label": "Night watch", "may_core_user": ["core.user.list", "core.user.view"], "version": "1"}
    answer = browser.submit("/roles/night_shift/edit", fields)
    assert "Night watch" in answer.text
    assert "See a user" in answer.text
    assert grants(app, "night_shift") == {"core.user.list", "core.user.view"}


def test_a_permission_slipped_into_another_line_is_refused_too(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser = staff("administrator")
    before = grants(app, "portal_owner")
    answer = browser.submit("/roles/portal_owner/edit", {"may_core_user": ["core.user.list"]})
    assert answer.status_code in (200, 422)
    assert "core.user.list" not in grants(app, "portal_owner") | before


def test_pages_of_roles_answer(staff: Callable[..., Browser]) -> None:
    browser = staff()
    assert "Customer care" in browser.get("/roles").text
    assert "Account owner" in browser.get("/roles?view=portal").text
    assert "Everything, of every plugin" in browser.get("/roles/administrator").text
    assert browser.get("/roles/cashier").status_code == 200
    assert browser.get("/roles/nonsense").status_code == 404


def test_rest_lists_roles_with_their_permissions(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "auditor")
    login = client.post("/api/v1/auth/login", json={"email": "ana@example.com", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    roles = {item["name"]: item for item in client.get("/api/v1/roles", headers=headers).json()["items"]}
    assert set(roles["auditor"]["permissions"]) == grants(app, "auditor")
    assert roles["auditor"]["users"] == 1


def test_a_role_is_made_changed_and_removed_over_rest(app: App, client: Browser) -> None:
    create_user(app, "root@example.com", "administrator")
    login = client.post("/api/v1/auth/login", json={"email": "root@example.com", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    made = client.post("/api/v1/roles", json={"name": "night_shift", "label": "Night"}, headers=headers)
    assert (made.status_code, made.json()["version"]) == (201, 1)
    body = {"label": "Night watch", "permissions": ["core.user.list"]}
    blind = client.patch("/api/v1/roles/night_shift", json=body, headers=headers)
    assert blind.status_code in (422, 428)
    changed = client.patch("/api/v1/roles/night_shift", json=body, headers={**headers, "If-Match": '"1"'})
    assert (changed.json()["label"], changed.json()["permissions"]) == ("Night watch", ["core.user.list"])
    late = client.patch("/api/v1/roles/night_shift", json=body, headers={**headers, "If-Match": '"1"'})
    assert late.status_code == 409
    assert client.delete("/api/v1/roles/night_shift", headers=headers).status_code == 204
    assert client.get("/api/v1/roles/night_shift", headers=headers).status_code == 404


def test_the_matrix_has_words_for_every_noun_of_the_trunk() -> None:
    nouns = {permission.name.split(".")[1] for permission in trunk.plugin.permissions}
    assert nouns - set(matrix._NOUNS) == set()
