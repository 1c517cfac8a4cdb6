"""What administrators do on pages, done by a program."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from tests.core.branding.test_branding import picture
from trunkline.app import App
from trunkline.mail.models import Email
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()
_LETTER = "/api/v1/letters/core/invitation/pt_BR"


@pytest.fixture
def program(app: App, make_client: Callable[[], Browser]) -> Callable[[str], Browser]:
    """`program("role")` is a client with a token of somebody with that role."""

    def signed_in(role: str) -> Browser:
        create_user(app, f"{role}@example.com", role)
        client = make_client()
        body = {"email": f"{role}@example.com", "password": PASSWORD}
        token = client.post("/api/v1/auth/login", json=body).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    return signed_in


def test_a_brand_gets_its_pictures_and_gives_them_up(program: Callable[[str], Browser]) -> None:
    api, others = program("administrator"), program("customer_care")
    made = api.post("/api/v1/brands", json={"name": "Araucária"}).json()
    place = f"/api/v1/brands/{made['id']}/pictures"
    files = {"file": ("logo.png", picture().getvalue(), "image/png")}
    assert others.post(f"{place}/logo", files=files).status_code == 403
    assert api.post(f"{place}/logo", files=files).json()["logo_id"] is not None
    text = {"file": ("logo.png", b"no picture", "image/png")}
    refused = api.post(f"{place}/logo", files=text)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "file")
    assert api.post(f"{place}/shoe", files=files).status_code == 422
    assert api.delete(f"{place}/logo").status_code == 204
    assert [one["logo_id"] for one in api.get("/api/v1/brands").json()["items"]] == [None]


def test_a_letter_is_previewed_and_mailed_to_who_asks(app: App, program: Callable[[str], Browser]) -> None:
    api = program("administrator")
    words = {"subject": "Bem-vindo", "text": "Olá {{ name }}!"}
    shown = api.post(f"{_LETTER}/preview", json=words).json()
    assert shown["subject"] == "Bem-vindo"
    assert shown["text"].startswith("Olá ")
    wrong = api.post(f"{_LETTER}/preview", json={**words, "text": "{{ nothing.here }}"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "text")
    assert api.get(_LETTER).json()["own"] is False, "a preview changes nothing"
    sample = api.post(f"{_LETTER}/sample").json()
    assert sample["recipient"] == "administrator@example.com"
    with app.reading() as ctx:
        mailed = select(Email).where(col(Email.number) == sample["email"])
        assert ctx.session.scalars(mailed).one().recipient == "administrator@example.com"
    assert program("auditor").post(f"{_LETTER}/sample").status_code == 403


def test_two_who_word_a_letter_at_once_are_told(program: Callable[[str], Browser]) -> None:
    api, words = program("administrator"), {"subject": "Bem-vindo", "text": "Olá {{ name }}!"}
    opened = {"If-Match": f'"{api.get(_LETTER).json()["version"]}"'}
    assert api.patch(_LETTER, json=words).status_code == 422
    first = api.patch(_LETTER, json=words, headers=opened)
    assert (first.status_code, first.json()["own"]) == (200, True)
    second = api.patch(_LETTER, json={**words, "subject": "Oi"}, headers=opened)
    assert (second.status_code, second.json()["errors"][0]["field"]) == (409, "version")
    again = {"If-Match": first.headers["ETag"]}
    assert api.patch(_LETTER, json={**words, "subject": "Oi"}, headers=again).json()["subject"] == "Oi"


def test_somebodys_emergency_access_is_ended(
    app: App, program: Callable[[str], Browser], make_client: Callable[[], Browser]
) -> None:
    create_user(app, "duty@example.com", "duty_officer")
    officer = make_client().sign_in("duty@example.com")
    api = program("administrator")
    officer.submit("/break-glass/take", {"reason": "The HLR is down", "minutes": "30"})
    [running] = api.get("/api/v1/break-glass").json()["items"]
    ended = api.post(f"/api/v1/break-glass/{running['id']}/end").json()
    assert (running["state"], ended["state"]) == ("running", "closed")
    assert officer.get("/settings").status_code == 403
    assert api.post(f"/api/v1/break-glass/{running['id']}/end").status_code == 422


def test_scripts_are_read_again_only_where_somebody_can_start_the_processes(
    program: Callable[[str], Browser],
) -> None:
    refused = program("administrator").post("/api/v1/system/plugins/reload")
    assert refused.status_code == 422
    assert "trunkline serve" in refused.json()["detail"]
    assert program("auditor").post("/api/v1/system/plugins/reload").status_code == 403
