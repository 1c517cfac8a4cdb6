"""Signing in by a real directory: who comes in, with which roles, and who does not."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlmodel import col

from tests.services.openldap import BASE, SECRET, OpenLdap
from trunkline.access import operations as access_operations
from trunkline.access import queries as access
from trunkline.access.schemas import CreateRole
from trunkline.app import App
from trunkline.auth import own_account, sign_in
from trunkline.auth.models import User, UserStatus
from trunkline.auth.passwords import hashing
from trunkline.auth.sessions import RequestFacts
from trunkline.errors import Refused, Unauthenticated
from trunkline.settings.connections import attempt
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline_ldap.settings import LdapSettings

pytestmark = [pytest.mark.plugins("ldap"), pytest.mark.peer("slapd")]

HERE = RequestFacts("192.0.2.7", "Firefox")
WRONG = "The e-mail address or the password is wrong."


def person(app: App, email: str) -> User:
    with app.reading() as ctx:
        return ctx.session.scalars(select(User).where(col(User.email) == email)).one()


def roles(app: App, email: str) -> set[str]:
    with app.reading() as ctx:
        return {role.name for role in access.roles_of(ctx, person(app, email).key)}


def refusal(app: App, name: str, secret: str = SECRET) -> str:
    with pytest.raises(Unauthenticated) as refused:
        sign_in.prove(app, name, secret, HERE)
    return refused.value.message


@pytest.mark.both_databases
def test_somebody_of_the_directory_comes_in_by_user_name_or_address_with_the_roles_of_their_groups(
    app: App, set_up: Callable[..., None]
) -> None:
    set_up()
    first = sign_in.prove(app, "ana", SECRET, HERE)
    ana = person(app, "ana@example.com")
    assert (ana.origin, ana.name, ana.status, ana.password_hash) == ("ldap", "Ana Souza", "active", None)
    assert ana.external_id
    assert (first.user_id, first.method, first.strong) == (ana.key, "ldap", False)
    assert roles(app, "ana@example.com") == {"customer_care", "accountant"}
    assert sign_in.prove(app, "ANA@example.com", SECRET, HERE).user_id == ana.key


def test_the_page_lets_them_in_and_says_that_user_names_will_do(
    app: App, client: Browser, set_up: Callable[..., None]
) -> None:
    set_up()
    page = client.get("/sign-in").text
    assert "E-mail or user name" in page
    assert 'type="email"' not in page
    client.sign_in("ana", SECRET)
    assert "Ana Souza" in client.get("/profile").text


def test_groups_in_groups_count_and_a_ring_of_groups_ends(app: App, set_up: Callable[..., None]) -> None:
    set_up()
    sign_in.prove(app, "bruno", SECRET, HERE)
    assert roles(app, "bruno@example.com") == {"customer_care"}
    set_up(group_nesting="direct")
    assert "no group" in refusal(app, "bruno")


def test_roles_follow_the_groups_at_each_sign_in(app: App, set_up: Callable[..., None]) -> None:
    set_up()
    sign_in.prove(app, "ana", SECRET, HERE)
    set_up(role_map="cashier: books")
    sign_in.prove(app, "ana", SECRET, HERE)
    assert roles(app, "ana@example.com") == {"cashier"}


def test_people_in_no_group_get_the_role_of_everybody_else_or_stay_out(
    app: App, set_up: Callable[..., None]
) -> None:
    set_up()
    assert "no group of the directory" in refusal(app, "nobody")
    set_up(fallback_role="auditor")
    sign_in.prove(app, "nobody", SECRET, HERE)
    assert roles(app, "nobody@example.com") == {"auditor"}


def test_a_wrong_password_and_a_name_that_nobody_has_get_the_same_words(
    app: App, set_up: Callable[..., None]
) -> None:
    set_up()
    for name in (
        "ana",
        "nobody-at-all",
        "*",
        "ana)(uid=*",
        "uid=ana,ou=people",
        "ana\0",
        "(",
        "\\",
        "ä" * 50,
    ):
        assert refusal(app, name, "wrong") == WRONG, name


def test_what_is_typed_is_no_filter(app: App, set_up: Callable[..., None]) -> None:
    set_up()
    for name in ("*", "a*", "ana)(objectClass=*", "ana))(|(uid=*"):
        assert refusal(app, name, SECRET) == WRONG, name


def test_an_empty_password_opens_nothing(app: App, set_up: Callable[..., None]) -> None:
    """A bind with a name and no password succeeds at a directory, as nobody (RFC 4513, 5.1.2)."""
    set_up()
    for secret in ("", "\0", "\0" + SECRET):
        assert refusal(app, "ana", secret) == WRONG, repr(secret)


def test_the_directory_is_asked_as_often_for_a_name_that_nobody_has(
    app: App, set_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trunkline_ldap import connection, directory

    set_up()
    asked: list[str] = []
    real = connection.check_password

    def counted(settings: LdapSettings, address: str, dn: str, secret: str) -> bool:
        asked.append(dn)
        return real(settings, address, dn, secret)

    monkeypatch.setattr(directory, "check_password", counted)
    refusal(app, "ana", "wrong")
    refusal(app, "nobody-at-all", "wrong")
    assert len(asked) == 2


def test_disabled_accounts_stay_out(app: App, set_up: Callable[..., None]) -> None:
    """By Active Directory's flag and by the policy's mark; who does not know the password learns nothing of that."""
    set_up()
    for name in ("gone", "closed"):
        assert refusal(app, name) == "This account is disabled."
        assert refusal(app, name, "wrong") == WRONG


def test_whoever_is_disabled_here_stays_out_whatever_the_directory_says(
    app: App, set_up: Callable[..., None]
) -> None:
    set_up()
    sign_in.prove(app, "ana", SECRET, HERE)
    with app.unit_of_work() as ctx:
        ctx.session.get_one(User, person(app, "ana@example.com").key).status = UserStatus.DISABLED
    assert refusal(app, "ana") == "This account is disabled."


def test_a_password_kept_here_counts_for_nobody_of_the_directory(
    app: App, set_up: Callable[..., None]
) -> None:
    set_up()
    sign_in.prove(app, "ana", SECRET, HERE)
    with app.unit_of_work() as ctx:
        ana = ctx.session.get_one(User, person(app, "ana@example.com").key)
        ana.password_hash = hashing().hash(PASSWORD)
    assert refusal(app, "ana@example.com", PASSWORD) == WRONG
    with app.unit_of_work() as ctx:
        own_account.ask_for_link(ctx, "ana@example.com")
    with app.reading() as ctx, pytest.raises(Refused, match=r"is kept in Directory \(LDAP\)"):
        own_account.check_kept_here(ctx, person(app, "ana@example.com"))


def test_an_account_of_the_same_address_is_taken_over_only_where_the_operator_says_so(
    app: App, set_up: Callable[..., None]
) -> None:
    key = create_user(app, "boss@example.com", "administrator")
    create_user(app, "other@example.com", "administrator")
    set_up()
    assert "has the address boss@example.com" in refusal(app, "clash")
    assert sign_in.prove(app, "boss@example.com", PASSWORD, HERE).user_id == key
    set_up(link_by_email=True)
    assert sign_in.prove(app, "clash", SECRET, HERE).user_id == key
    assert person(app, "boss@example.com").origin == "ldap"
    assert roles(app, "boss@example.com") == {"customer_care"}
    assert refusal(app, "boss@example.com", PASSWORD) == WRONG


def test_nobody_new_comes_in_where_accounts_are_not_made(app: App, set_up: Callable[..., None]) -> None:
    set_up(create_users=False)
    assert refusal(app, "ana") == "You have no account here."


def test_somebody_without_an_address_is_told_so(app: App, set_up: Callable[..., None]) -> None:
    set_up()
    assert "no e-mail address" in refusal(app, "mailless")


def test_a_role_that_is_not_there_any_more_keeps_people_out_with_a_reason(
    app: App, set_up: Callable[..., None]
) -> None:
    with app.unit_of_work() as ctx:
        access_operations.create_role(ctx, CreateRole.model_validate({"name": "king", "label": "King"}))
    set_up(role_map="king: care")
    with app.unit_of_work() as ctx:
        access_operations.delete_role(ctx, "king")
    assert "king" in refusal(app, "ana")


def test_while_the_directory_is_down_local_people_come_in_and_the_status_page_says_why(
    app: App, set_up: Callable[..., None], directory: OpenLdap, caplog: pytest.LogCaptureFixture
) -> None:
    from trunkline.health import reports

    key = create_user(app, "boss@example.com", "administrator")
    set_up()
    directory.stop()
    try:
        assert "the directory does not answer" in refusal(app, "ana")
        assert "the directory does not answer" in refusal(app, "nobody-at-all")
        assert sign_in.prove(app, "boss@example.com", PASSWORD, HERE).user_id == key
        with app.reading() as ctx:
            (report,) = [one for owner, one in reports(ctx) if owner == "ldap"]
    finally:
        directory.start()
    assert "nobody of the directory can sign in" in caplog.text
    assert (report.health, directory.address in report.detail) == ("failed", True)
    assert SECRET not in caplog.text


def test_a_second_server_answers_for_the_first(
    app: App, set_up: Callable[..., None], directory: OpenLdap
) -> None:
    set_up(servers=f"ldaps://127.0.0.1:1\n{directory.address}")
    assert sign_in.prove(app, "ana", SECRET, HERE).user_id == person(app, "ana@example.com").key


def test_the_test_of_the_connection_says_what_is_wrong(
    staff: Callable[..., Browser], set_up: Callable[..., None], directory: OpenLdap
) -> None:
    set_up()
    browser = staff()
    page = browser.submit("/ldap", {"name": "ana"}).text
    assert "uid=ana,ou=people" in page
    assert "customer_care, accountant" in page
    plain = f"ldap://127.0.0.1:{directory.port}"
    for changes, words in (
        ({"ca_certificate": ""}, "certificate verify failed"),
        ({"servers": f"ldap://127.1:{directory.port}"}, "ertificate"),
        ({"bind_password": "wrong"}, "refuses the account that searches"),
        ({"servers": plain, "start_tls": False}, "onfidentiality"),
        ({"user_base": f"ou=nowhere,{BASE}"}, "Nobody, or more than one"),
    ):
        set_up(**{"start_tls": True, **changes})
        page = browser.submit("/ldap", {"name": "ana"}).text
        assert words in page
        assert "Check" in page or "Enter" in page
    assert staff("customer_care").get("/ldap").status_code == 403


def test_the_button_of_the_settings_says_whether_the_directory_takes_us(
    app: App, set_up: Callable[..., None], directory: OpenLdap
) -> None:
    def tried() -> tuple[bool, str]:
        with app.reading() as ctx:
            result = attempt(ctx, "ldap", "directory")
        assert result.works or result.remedy
        return result.works, result.message

    set_up()
    works, answer = tried()
    assert works
    assert "answers, encrypted, and takes the account that searches" in answer
    set_up(bind_password="wrong-password-7")
    works, answer = tried()
    assert not works
    assert "refuses the account that searches" in answer
    assert "wrong-password-7" not in answer
    set_up(servers="ldaps://127.0.0.1:9")
    assert not tried()[0]


def test_settings_that_cannot_work_are_refused(set_up: Callable[..., None]) -> None:
    for changes, words in (
        ({"servers": "http://x"}, "is not like"),
        ({"servers": "ldap://dc1.example.com", "start_tls": False}, "in the clear"),
        ({"servers": "ldap://localhost.example.com", "start_tls": False}, "in the clear"),
        ({"user_filter": "uid={name}"}, "filter"),
        ({"role_map": "customer_care care"}, "Line 1"),
        ({"ca_certificate": "MIIB"}, "PEM"),
    ):
        with pytest.raises(Refused, match=words):
            set_up(**changes)


def test_a_role_that_is_not_there_is_refused_with_those_that_are(set_up: Callable[..., None]) -> None:
    with pytest.raises(Refused, match="no role “customer_cares”") as refused:
        set_up(role_map="customer_cares: books")
    assert (refused.value.field, "customer_care" in str(refused.value.remedy)) == ("role_map", True)
    with pytest.raises(Refused, match="no role “portal_owner”") as refused:
        set_up(fallback_role="portal_owner")
    assert refused.value.field == "fallback_role"
