"""The keys behind access tokens: published, changed without anybody noticing, withdrawn at once, and proof against forgers."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import event, text

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.auth.signing_keys import keys, operations
from trunkline.config import Config
from trunkline.jobs.wake import Silent
from trunkline.testing import PASSWORD, Browser, create_user
from trunkline.web.app import make_web

pytestmark = pytest.mark.plugins()

USERS = "/api/v1/users"
JWKS = "/api/v1/auth/jwks"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def pair(app: App, client: Browser) -> dict[str, Any]:
    create_user(app, "ana@example.com", "auditor")
    body = {"email": "ana@example.com", "password": PASSWORD}
    return dict(client.post("/api/v1/auth/login", json=body).json())


def test_strangers_check_a_token_with_the_published_keys_and_cannot_make_one(
    pair: dict[str, Any], client: Browser
) -> None:
    answer = client.get(JWKS)
    assert answer.headers["content-type"].startswith("application/jwk-set+json")
    assert "max-age" in answer.headers["cache-control"]
    (published,) = answer.json()["keys"]
    assert (published["alg"], published["use"], "d" in published) == ("ES256", "sig", False)
    kid = jwt.get_unverified_header(pair["access_token"])["kid"]
    key = jwt.PyJWKSet.from_dict(answer.json())[kid]
    options: Any = {"verify_exp": False, "verify_iat": False}
    claims = jwt.decode(
        pair["access_token"], key, ["ES256"], audience="trunkline", issuer="trunkline", options=options
    )
    assert claims["exp"] - claims["iat"] == 900


def test_games_with_the_algorithm_the_key_and_the_kind_of_token_are_refused(
    pair: dict[str, Any], client: Browser
) -> None:
    good = pair["access_token"]
    claims, header = jwt.decode(good, options={"verify_signature": False}), jwt.get_unverified_header(good)
    public = client.get(JWKS).json()["keys"][0]
    mine = ec.generate_private_key(ec.SECP256R1())
    mine_public = jwt.algorithms.ECAlgorithm.to_jwk(mine.public_key(), as_dict=True)
    forged = {
        "the public key as a shared secret": _shared(claims, header["kid"], json.dumps(public)),
        "no signature": jwt.encode(claims, "", "none", headers={"kid": header["kid"], "typ": "at+jwt"}),
        "another key under our name": jwt.encode(
            claims, mine, "ES256", headers={"kid": header["kid"], "typ": "at+jwt"}
        ),
        "a key that the token brings along": jwt.encode(
            claims, mine, "ES256", headers={"kid": "mine", "typ": "at+jwt", "jwk": mine_public}
        ),
        "a name that is a path": _shared(claims, "../../../dev/null", ""),
        "another user in a signed token": ".".join(
            [good.split(".")[0], _encoded({**claims, "family": 999}), good.split(".")[2]]
        ),
        "a number for a name": "e30.e30.",
    }
    for what, token in forged.items():
        answer = client.get(USERS, headers=bearer(token))
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), what
    assert client.get(USERS, headers=bearer(good)).status_code == 200


def test_another_kind_of_token_of_ours_does_not_pass_for_an_access_token(
    app: App, pair: dict[str, Any], client: Browser
) -> None:
    claims = jwt.decode(pair["access_token"], options={"verify_signature": False})
    with app.unit_of_work() as ctx:
        signing = app.part(keys.SigningKeys).signing(ctx)
    for typ, audience in (("JWT", "trunkline"), ("at+jwt", "somebody else")):
        other = jwt.encode(
            {**claims, "aud": audience}, signing.key, "ES256", headers={"kid": signing.kid, "typ": typ}
        )
        assert client.get(USERS, headers=bearer(other)).status_code == 401


@pytest.mark.both_databases
def test_tokens_outlive_a_change_of_key_and_the_old_key_goes_when_they_are_over(
    app: App, pair: dict[str, Any], client: Browser, clock: StandingClock
) -> None:
    with app.unit_of_work() as ctx:
        fresh = operations.rotate(ctx).kid
    assert client.get(USERS, headers=bearer(pair["access_token"])).status_code == 200
    assert client.get(JWKS).json()["keys"][0]["kid"] == fresh
    after = client.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}).json()
    assert jwt.get_unverified_header(after["access_token"])["kid"] == fresh
    with app.reading() as ctx:
        kept = ctx.session.execute(text("SELECT kid, private_key FROM core_signing_key ORDER BY id")).all()
    assert kept[0].private_key is None
    assert "PRIVATE" not in kept[1].private_key
    clock.pass_time(minutes=17)
    assert [key["kid"] for key in client.get(JWKS).json()["keys"]] == [fresh]


@pytest.mark.both_databases
def test_a_withdrawal_ends_tokens_in_every_process_and_the_refresh_token_gives_the_next(
    app: App, pair: dict[str, Any], client: Browser, config: Config, clock: StandingClock, monkeypatch: Any
) -> None:
    other_app = App.start(config, clock=clock, waker=Silent())
    other = Browser(make_web(other_app))
    for one in (client, other):
        assert one.get(USERS, headers=bearer(pair["access_token"])).status_code == 200
    with app.unit_of_work() as ctx:
        operations.rotate(ctx, at_once=True)
    assert client.get(USERS, headers=bearer(pair["access_token"])).status_code == 401
    monkeypatch.setattr(keys, "_BELIEVED", 0)
    clock.pass_time(seconds=2)
    told = other.get(USERS, headers=bearer(pair["access_token"]))
    assert (told.status_code, "withdrawn" in told.json()["detail"]) == (401, True)
    after = other.post("/api/v1/auth/refresh", json={"refresh_token": pair["refresh_token"]}).json()
    assert client.get(USERS, headers=bearer(after["access_token"])).status_code == 200
    other_app.close()


def test_the_key_changes_by_itself_when_its_time_is_over(
    app: App, pair: dict[str, Any], client: Browser, clock: StandingClock
) -> None:
    before = client.get(JWKS).json()["keys"][0]["kid"]
    for days, changed in ((89, False), (1, True)):
        clock.pass_time(days=days)
        with app.unit_of_work() as ctx:
            operations.rotate_when_due(ctx)
        assert (client.get(JWKS).json()["keys"][0]["kid"] != before) is changed


def test_a_signature_is_checked_once_and_a_revocation_is_seen_at_once(
    pair: dict[str, Any], client: Browser, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get(USERS, headers=bearer(pair["access_token"])).status_code == 200

    def never(*_args: Any, **_kwargs: Any) -> Any:
        raise AssertionError("the signature was checked again")

    monkeypatch.setattr(jwt, "decode", never)
    clock.pass_time(seconds=10)
    assert client.get(USERS, headers=bearer(pair["access_token"])).status_code == 200
    client.post("/api/v1/auth/logout", json={"refresh_token": pair["refresh_token"]})
    assert client.get(USERS, headers=bearer(pair["access_token"])).status_code == 401


@pytest.mark.both_databases
def test_a_revocation_in_another_process_is_seen_within_seconds(
    app: App, pair: dict[str, Any], client: Browser, config: Config, clock: StandingClock
) -> None:
    other_app = App.start(config, clock=clock, waker=Silent())
    other = Browser(make_web(other_app))
    asked: list[str] = []

    @event.listens_for(other_app.database.engine, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "core_token_family" in statement:
            asked.append(statement)

    for _n in range(3):
        assert other.get(USERS, headers=bearer(pair["access_token"])).status_code == 200
    assert len(asked) == 1
    client.post("/api/v1/auth/logout", json={"refresh_token": pair["refresh_token"]})
    clock.pass_time(seconds=2)
    assert other.get(USERS, headers=bearer(pair["access_token"])).status_code == 401
    other_app.close()


def test_an_administrator_changes_the_key_on_the_page_and_the_log_says_so(
    app: App, pair: dict[str, Any], client: Browser, staff: Callable[..., Browser]
) -> None:
    browser = staff()
    browser.submit("/signing-keys/rotate", page="/signing-keys")
    shown = browser.get("/signing-keys").text
    assert ("Signs" in shown, "Verifies" in shown) == (True, True)
    assert client.get(USERS, headers=bearer(pair["access_token"])).status_code == 200
    with app.reading() as ctx:
        entry = ctx.session.execute(
            text("SELECT actor, changes FROM core_activity WHERE operation = 'core.signing_key.change'")
        ).one()
    assert entry.actor.startswith("Administrator")
    assert "PRIVATE" not in str(entry.changes)
    reader = staff("auditor")
    assert "Change the key" not in reader.get("/signing-keys").text
    assert reader.submit("/signing-keys/rotate", page="/signing-keys").status_code == 403


def _encoded(claims: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def _shared(claims: dict[str, Any], kid: str, secret: str) -> str:
    """A token signed with a shared secret, made by hand: the package refuses to sign with such secrets."""
    signed = f"{_encoded({'alg': 'HS256', 'kid': kid, 'typ': 'at+jwt'})}.{_encoded(claims)}"
    seal = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(seal).rstrip(b'=').decode()}"
