"""Signing in at a real identity provider: the way there and back, who comes in, and answers that are not accepted."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.plugins.oidc.conftest import sign_in, somebody, way_back, way_there
from tests.services.oidc_provider import PUBLIC_CLIENT, IdentityProvider
from trunkline.access import queries as access
from trunkline.access.models import Role
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.models import User, UserSession, UserStatus
from trunkline.errors import Refused
from trunkline.settings.connections import attempt
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = [pytest.mark.plugins("oidc"), pytest.mark.peer("node")]


def people(app: App) -> list[User]:
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(User).order_by(col(User.id))))


def roles(app: App, user: User) -> set[str]:
    with app.reading() as ctx:
        return {role.name for role in access.roles_of(ctx, user.key)}


def is_in(browser: Browser) -> bool:
    return browser.get("/profile", follow_redirects=False).status_code == 200


def problem(response: Any) -> str:
    assert response.status_code in (422, 503), (response.status_code, response.headers)
    return str(response.text)


@pytest.mark.both_databases
def test_the_button_leads_there_and_back_into_an_account_with_the_roles_of_the_groups(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    assert "/oidc/sign-in" not in client.get("/sign-in").text
    set_up()
    page = client.get("/sign-in?next=/customers").text
    assert "Sign in with Example account" in page
    assert 'href="/oidc/sign-in?next=' in page
    shown = sign_in(client, there, somebody("ana", "care-team", "books"), "/oidc/sign-in?next=/customers")
    assert (shown.status_code, shown.headers["location"]) == (303, "/customers")
    assert is_in(client)
    (ana,) = people(app)
    assert (ana.origin, ana.external_id, ana.email, ana.name) == ("oidc", "ana", "ana@example.com", "Ana")
    assert roles(app, ana) == {"customer_care", "accountant"}
    with app.reading() as ctx:
        assert ctx.session.scalars(select(col(UserSession.method))).all() == ["oidc"]


def test_the_way_there_carries_a_challenge_a_state_and_a_nonce_of_its_own(
    client: Browser, set_up: Callable[..., None]
) -> None:
    set_up()
    first, second = (parse_qs(urlsplit(way_there(client)).query) for _time in range(2))
    assert first["code_challenge_method"] == ["S256"]
    assert first["response_type"] == ["code"]
    for name in ("code_challenge", "state", "nonce"):
        assert first[name] != second[name]
        assert len(first[name][0]) >= 32


def test_a_client_without_a_secret_works_by_its_challenge(
    client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up(client_id=PUBLIC_CLIENT, client_secret="")
    assert sign_in(client, there, somebody()).status_code == 303
    assert is_in(client)


def test_the_second_time_the_same_account_follows_name_address_and_groups(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    sign_in(client, there, somebody("ana"))
    there.forget_browser()
    sign_in(client, there, somebody("ana", "books", email="ana.souza@example.com", name="Ana Souza"))
    (ana,) = people(app)
    assert (ana.email, ana.name) == ("ana.souza@example.com", "Ana Souza")
    assert roles(app, ana) == {"accountant"}


def test_groups_may_lie_in_a_nested_claim(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up(groups_claim="realm_access.roles")
    sign_in(client, there, somebody("ana", "books", realm_access={"roles": ["care-team"]}))
    assert roles(app, people(app)[0]) == {"customer_care"}


def test_people_in_no_group_stay_out_unless_everybody_else_has_a_role(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    assert "You are in no group" in problem(sign_in(client, there, somebody("ana", "visitors")))
    assert people(app) == []
    set_up(fallback_role="auditor")
    there.forget_browser()
    sign_in(client, there, somebody("ana", "visitors"))
    assert roles(app, people(app)[0]) == {"auditor"}


def test_an_account_of_the_same_address_is_joined_only_when_wanted_and_verified(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    boss = create_user(app, "ana@example.com", "administrator")
    create_user(app, "other@example.com", "administrator")
    set_up()
    assert "has the address ana@example.com" in problem(sign_in(client, there, somebody()))
    set_up(link_by_email=True)
    for unverified in ({"email_verified": False}, {"email_verified": None}):
        there.forget_browser()
        assert "ddress" in problem(sign_in(client, there, somebody(**unverified)))
        assert not is_in(client)
    there.forget_browser()
    assert sign_in(client, there, somebody()).status_code == 303
    joined = people(app)[0]
    assert (joined.key, joined.origin, joined.password_hash) == (boss, "oidc", None)


def test_whoever_is_disabled_here_or_not_invited_stays_out(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up(create_users=False)
    assert "You have no account here" in problem(sign_in(client, there, somebody()))
    set_up(create_users=True)
    there.forget_browser()
    sign_in(client, there, somebody())
    with app.unit_of_work() as ctx:
        ctx.session.get_one(User, people(app)[0].key).status = UserStatus.DISABLED
    there.forget_browser()
    assert "This account is disabled" in problem(sign_in(client, there, somebody()))


def test_what_the_provider_refuses_is_said_plainly_and_is_on_record(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    refused = {"error": "access_denied", "error_description": "<b>Not today</b>"}
    text = problem(sign_in(client, there, refused))
    assert "did not let you in" in text
    assert "&lt;b&gt;Not today" in text
    assert "Back to sign-in" in text
    with app.reading() as ctx:
        entries = ctx.session.scalars(
            select(ActivityEntry).where(col(ActivityEntry.operation) == "core.user.sign_in_failed")
        )
        assert [entry.subject for entry in entries] == ["oidc"]


def test_an_answer_works_once_and_in_its_own_browser_only(
    client: Browser, make_client: Callable[[], Browser], there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    answer = way_back(there.visit(way_there(client), somebody()))
    stranger = make_client()
    assert "begun in another browser" in problem(stranger.get(answer, follow_redirects=False))
    way_there(stranger)
    assert "belongs to another sign-in" in problem(stranger.get(answer, follow_redirects=False))
    assert client.get(answer, follow_redirects=False).status_code == 303
    assert "another browser" in problem(client.get(answer, follow_redirects=False))
    assert not is_in(stranger)


def test_an_altered_answer_is_refused(
    client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    for change, words in (
        ({"state": "made-up"}, "belongs to another sign-in"),
        ({"iss": "https://evil.example"}, "belongs to another sign-in"),
        ({"iss": ""}, "belongs to another sign-in"),
        ({"code": "made-up"}, "cannot be accepted"),
    ):
        parts = urlsplit(way_back(there.visit(way_there(client), somebody())))
        answer = {name: values[0] for name, values in parse_qs(parts.query).items()}
        altered = f"{parts.path}?{urlencode({**answer, **change})}"
        assert words in problem(client.get(altered, follow_redirects=False))
        assert not is_in(client)


def test_a_proof_with_another_nonce_is_refused(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    """Somebody's own answer, put into a browser that expects another one."""
    from trunkline.errors import Unauthenticated
    from trunkline_oidc import flow
    from trunkline_oidc.settings import OidcSettings

    set_up()
    with app.reading() as ctx:
        settings = ctx.settings(OidcSettings)
    callback = "http://127.0.0.1:8000/oidc/callback"
    address, begun = flow.begin(app, settings, callback, 0, "", again=False)
    query = urlsplit(there.visit(address, somebody())).query
    answer = {name: values[0] for name, values in parse_qs(query).items()}
    other = flow.Flow(begun.state, "another nonce", begun.verifier, 0)
    with pytest.raises(Unauthenticated, match="nonce"):
        flow.finish(app, settings, callback, other, answer, 0)


def test_while_the_provider_is_down_the_page_says_so_and_passwords_kept_here_work(
    app: App,
    client: Browser,
    there: IdentityProvider,
    set_up: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from trunkline.health import reports
    from trunkline_oidc import flow

    create_user(app, "boss@example.com", "administrator")
    set_up()
    # What it said before helps nobody: a browser that is sent there stands before an error of its own.
    way_there(client)
    monkeypatch.setattr(flow, "LATELY", 0.0)
    there.stop()
    try:
        assert "does not answer" in problem(client.get("/oidc/sign-in", follow_redirects=False))
        with app.reading() as ctx:
            (report,) = [one for owner, one in reports(ctx) if owner == "oidc"]
        assert (report.health, there.issuer in report.detail) == ("failed", True)
        client.sign_in("boss@example.com", PASSWORD)
    finally:
        there.start()


def test_an_answer_leads_only_to_pages_of_ours(
    client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    shown = sign_in(client, there, somebody(), "/oidc/sign-in?next=https://evil.example/")
    assert shown.headers["location"] == "/"


def _demand_second_factor(app: App) -> None:
    with app.unit_of_work() as ctx:
        role = ctx.session.scalars(select(Role).where(col(Role.name) == "customer_care")).one()
        role.requires_second_factor = True


def test_the_second_factor_of_this_system_applies_unless_the_providers_is_trusted(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    sign_in(client, there, somebody())
    _demand_second_factor(app)
    there.forget_browser()
    claimed = sign_in(client, there, somebody(amr=["pwd", "mfa"]))
    assert claimed.headers["location"].startswith("/sign-in/set-up")
    set_up(trusted_amr="mfa hwk")
    there.forget_browser()
    weak = sign_in(client, there, somebody(amr=["pwd"]))
    assert weak.headers["location"].startswith("/sign-in/set-up")
    there.forget_browser()
    strong = sign_in(client, there, somebody(amr=["pwd", "mfa"]))
    assert strong.headers["location"] == "/"
    assert is_in(client)


def test_dangerous_pages_send_people_to_the_provider_once_more(
    app: App, client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    sign_in(client, there, somebody())
    page = client.get("/confirm?next=/profile").text
    assert "/oidc/sign-in?again=1&amp;next=%2Fprofile" in page
    assert 'name="password"' not in page
    address = way_there(client, "/oidc/sign-in?again=1&next=/profile")
    assert "prompt=login" in address
    shown = client.get(way_back(there.visit(address, somebody())), follow_redirects=False)
    assert (shown.status_code, shown.headers["location"]) == (303, "/profile")
    with app.reading() as ctx:
        assert len(ctx.session.scalars(select(UserSession)).all()) == 1


def test_signing_out_offers_to_sign_out_at_the_provider_as_well(
    client: Browser, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    set_up()
    sign_in(client, there, somebody())
    left = client.submit("/sign-out", page="/profile", follow_redirects=False)
    assert left.headers["location"] == "/oidc/signed-out"
    page = client.get("/oidc/signed-out").text
    link = page.partition(f'href="{there.issuer}/session/end')[2].partition('"')[0].replace("&amp;", "&")
    asked = parse_qs(link.lstrip("?"))
    assert asked["client_id"] == ["trunkline"]
    assert asked["post_logout_redirect_uri"] == ["http://127.0.0.1:8000/sign-in"]
    assert asked["id_token_hint"][0].count(".") == 2
    shown = there.browser.get(f"{there.issuer}/session/end{link}")
    assert (shown.status_code, "logout" in shown.text.lower()) == (200, True)
    assert not is_in(client)


def test_whoever_came_by_password_leaves_to_the_sign_in_page(
    app: App, client: Browser, set_up: Callable[..., None]
) -> None:
    create_user(app, "boss@example.com", "administrator")
    set_up()
    client.sign_in("boss@example.com")
    left = client.submit("/sign-out", page="/profile", follow_redirects=False)
    assert left.headers["location"] == "/sign-in"


def test_settings_that_cannot_work_are_refused(set_up: Callable[..., None]) -> None:
    for changes, words in (
        ({"issuer": "http://login.example.com"}, "https"),
        ({"issuer": "https://login.example.com?x"}, "https"),
        ({"role_map": "customer_care care"}, "Line 1"),
    ):
        with pytest.raises(Refused, match=words):
            set_up(**changes)


def test_the_pages_are_not_there_before_anything_is_set_up(client: Browser) -> None:
    for path in ("/oidc/sign-in", "/oidc/callback", "/oidc/signed-out"):
        assert client.get(path).status_code == 404


def test_the_button_of_the_settings_says_whether_the_provider_answers(
    app: App, there: IdentityProvider, set_up: Callable[..., None]
) -> None:
    def tried() -> tuple[bool, str]:
        with app.reading() as ctx:
            result = attempt(ctx, "oidc", "provider")
        return result.works, result.message

    assert tried() == (False, "Nothing is set up.")
    set_up()
    works, answer = tried()
    assert works
    assert answer.startswith(f"{there.issuer} answers and takes client ID and secret")
    assert answer.endswith("http://127.0.0.1:8000/oidc/callback")
    set_up(client_secret="another")
    works, answer = tried()
    assert not works
    assert "refuses client ID and secret" in answer
    set_up(client_id=PUBLIC_CLIENT)
    assert not tried()[0]
    set_up(client_id="unknown")
    assert not tried()[0]
    set_up(issuer="http://127.0.0.1:9")
    works, answer = tried()
    assert not works
    assert "http://127.0.0.1:9" in answer
