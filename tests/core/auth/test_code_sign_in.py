"""Signing in by tax id and a code to a verified phone: who gets in, who does not, and that nobody learns who exists."""

import json
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlmodel import select

from tests.clock import StandingClock
from trunkline.app import App
from trunkline.auth.code_sign_in import operations
from trunkline.auth.code_sign_in.models import SentCode
from trunkline.auth.code_sign_in.schemas import AddByPhone
from trunkline.auth.models import User
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.errors import Conflict, Refused
from trunkline.operation import SYSTEM
from trunkline.sms.models import Sms
from trunkline.sms.transports import spool_folder
from trunkline.testing import Browser, create_user, work_until_idle
from trunkline.web.writing import phone_text

TAX_ID = "529.982.247-25"
PHONE, OTHER = "+5551991234567", "+5551997654321"


def register(app: App, tax_id: str = TAX_ID) -> int:
    facts = {"kind": "individual", "name": "Dora Lopes", "tax_id": tax_id}
    with app.unit_of_work() as ctx:
        return customers.register(ctx, RegisterCustomer.model_validate(facts)).key


def sent_code(app: App, phone: str = PHONE) -> str:
    """The code in the newest message to a phone, as its owner reads it."""
    work_until_idle(app)
    messages = [json.loads(file.read_text()) for file in sorted(spool_folder(app).glob("*.json"))]
    found = re.findall(r"\b\d{6}\b", [m["text"] for m in messages if m["to"] == phone][-1])
    assert len(found) == 1
    return str(found[0])


def add(
    app: App, customer_id: int, phone: str = PHONE, *, verify: bool = True, role: str = "portal_owner"
) -> int:
    with app.unit_of_work() as ctx:
        command = AddByPhone(name=f"Dora {phone[-4:]}", phone=phone, language="en", roles=[role])
        key = operations.add_by_phone(ctx, customer_id, command).key
    if verify:
        operations.verify_phone(app, SYSTEM, key, sent_code(app, phone))
    return key


@pytest.fixture
def dora(app: App) -> int:
    return add(app, register(app))


def ask(browser: Browser, tax_id: str = TAX_ID, digits: str = PHONE[-4:]) -> None:
    fields = {"tax_id": tax_id, "digits": digits}
    answer = browser.submit("/sign-in/code", fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/sign-in/code/enter"


def enter(browser: Browser, code: str) -> "tuple[int, str]":
    answer = browser.submit("/sign-in/code/enter", {"code": code}, follow_redirects=False)
    return answer.status_code, answer.text if answer.status_code != 303 else answer.headers["location"]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


@pytest.mark.both_databases
def test_the_right_code_opens_the_portal_once(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    browser = make_client()
    assert "Sign in with your tax id" in browser.get("/sign-in").text
    ask(browser)
    code = sent_code(app)
    assert enter(browser, code) == (303, "/portal")
    assert browser.get("/portal").status_code == 200
    again = make_client()
    again.cookies = browser.cookies
    again.cookies.delete("trunkline_session")
    assert enter(again, code)[1] == "/sign-in/code" or enter(again, code)[0] == 422


def test_the_way_in_shows_only_where_somebody_uses_it(client: Browser) -> None:
    assert "tax id" not in client.get("/sign-in").text


@pytest.mark.both_databases
def test_a_stranger_gets_the_same_answers_and_no_message(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    with app.reading() as ctx:
        before = len(ctx.session.scalars(select(Sms)).all())
    pages = []
    for tax_id, digits in ((TAX_ID, PHONE[-4:]), (TAX_ID, "0000"), ("111.444.777-35", PHONE[-4:])):
        browser = make_client()
        ask(browser, tax_id, digits)
        shown = browser.get("/sign-in/code/enter").text
        status, text = enter(browser, "12x456")
        pages.append([re.sub(r'[0-9a-f]{32,}|value="[^"]*"', "", page) for page in (shown, text)] + [status])
    assert pages[0] == pages[1] == pages[2]
    with app.reading() as ctx:
        assert len(ctx.session.scalars(select(Sms)).all()) == before + 1


def test_a_code_is_kept_as_a_digest_and_masked_in_the_log(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    ask(make_client())
    code = sent_code(app)
    with app.reading() as ctx:
        rows = ctx.session.scalars(select(SentCode)).all()
        assert all(code not in row.code_digest and len(row.code_digest) == 64 for row in rows)
        texts = [message.text for message in ctx.session.scalars(select(Sms))]
    assert code not in " ".join(texts)


def test_after_five_tries_not_even_the_right_code_opens(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    browser = make_client()
    ask(browser)
    code = sent_code(app)
    for _ in range(5):
        assert enter(browser, wrong(code))[0] == 422
    assert enter(browser, code)[0] == 422


def test_guessing_with_ever_new_codes_has_to_wait(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    statuses = []
    for _ in range(3):
        browser = make_client()
        ask(browser)
        statuses += [enter(browser, wrong(sent_code(app)))[0] for _ in range(4)]
    assert statuses[:9] == [422] * 9
    assert statuses[-1] == 429


def test_asking_without_end_sends_five_messages_at_most(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    for _ in range(8):
        ask(make_client())
    with app.reading() as ctx:
        to_sign_in = [m for m in ctx.session.scalars(select(Sms)) if "sign in" in m.text]
    assert len(to_sign_in) == 5


def test_a_code_is_over_after_ten_minutes(
    app: App, clock: StandingClock, make_client: Callable[[], Browser], dora: int
) -> None:
    browser = make_client()
    ask(browser)
    code = sent_code(app)
    clock.pass_time(minutes=10)
    assert enter(browser, code)[0] == 422


def test_a_code_works_only_in_the_browser_that_asked(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    asked, other = make_client(), make_client()
    ask(asked)
    code = sent_code(app)
    ask(other)
    assert enter(other, code)[0] == 422
    assert enter(asked, code) == (303, "/portal")


def test_the_last_digits_choose_among_people_of_one_tax_id(
    app: App, make_client: Callable[[], Browser]
) -> None:
    customer = register(app)
    add(app, customer)
    add(app, customer, OTHER, role="portal_technical")
    browser = make_client()
    ask(browser, digits=OTHER[-4:])
    assert enter(browser, sent_code(app, OTHER)) == (303, "/portal")
    assert browser.get("/portal/invoices").status_code == 403


def test_a_phone_that_is_not_verified_or_disabled_gets_no_code(
    app: App, make_client: Callable[[], Browser]
) -> None:
    key = add(app, register(app), verify=False)
    ask(make_client())
    verifying = sent_code(app)
    with pytest.raises(Refused, match="wrong"):
        operations.verify_phone(app, SYSTEM, key, wrong(verifying))
    operations.verify_phone(app, SYSTEM, key, verifying)
    from trunkline.auth import operations as users

    with app.unit_of_work() as ctx:
        users.disable_portal_user(ctx, key)
    ask(make_client())
    with app.reading() as ctx:
        assert len(ctx.session.scalars(select(Sms)).all()) == 1


def test_verifying_counts_tries_and_a_fresh_code_ends_the_old(app: App) -> None:
    key = add(app, register(app), verify=False)
    first = sent_code(app)
    for _ in range(5):
        with suppress(Refused):
            operations.verify_phone(app, SYSTEM, key, wrong(first))
    with pytest.raises(Refused, match="wrong"):
        operations.verify_phone(app, SYSTEM, key, first)
    with app.unit_of_work() as ctx:
        operations.send_phone_code(ctx, key)
    operations.verify_phone(app, SYSTEM, key, sent_code(app))
    with app.reading() as ctx:
        assert ctx.session.get_one(User, key).is_active


def test_people_without_mail_need_a_tax_id_and_a_phone_of_their_own(app: App) -> None:
    with pytest.raises(Refused, match="no tax id"):
        add(app, register(app, ""), verify=False)
    customer = register(app)
    add(app, customer, verify=False)
    with pytest.raises(Conflict, match="phone"):
        add(app, customer, verify=False)


def test_an_empty_address_signs_nobody_in(app: App, client: Browser, dora: int) -> None:
    add(app, register(app, "111.444.777-35"), OTHER)
    answer = client.submit("/sign-in", {"email": "", "password": "x"}, follow_redirects=False)
    assert answer.status_code == 422


@pytest.fixture
def her(app: App, make_client: Callable[[], Browser], dora: int) -> Browser:
    browser = make_client()
    ask(browser)
    assert enter(browser, sent_code(app)) == (303, "/portal")
    return browser


def confirm(app: App, browser: Browser, next_page: str) -> None:
    """Prove oneself by a fresh code, as the page before a dangerous action asks."""
    asked = browser.get(f"/confirm?next={next_page}")
    assert "Send a code to •••• 4567" in asked.text
    assert 'name="password"' not in asked.text
    browser.submit("/confirm/code/send", {"next": next_page}, page="/confirm")
    code = sent_code(app)
    refused = browser.submit("/confirm/code", {"code": wrong(code)}, page="/confirm/code")
    assert refused.status_code == 422
    done = browser.submit(
        "/confirm/code", {"code": code, "next": next_page}, page="/confirm/code", follow_redirects=False
    )
    assert (done.status_code, done.headers["location"]) == (303, next_page)


@pytest.mark.both_databases
def test_who_has_no_password_confirms_by_a_code_and_takes_another_phone(
    app: App, make_client: Callable[[], Browser], clock: StandingClock, her: Browser
) -> None:
    clock.pass_time(minutes=11)
    assert her.get("/profile/phone").url.path == "/confirm"
    confirm(app, her, "/profile/phone")
    same = her.submit("/profile/phone", {"phone": PHONE})
    assert "This is the phone that you have now." in same.text
    her.submit("/profile/phone", {"phone": OTHER})
    code = sent_code(app, OTHER)
    assert her.submit("/profile/phone/code", {"code": wrong(code)}).status_code == 422
    # Until then the old phone counts.
    assert PHONE in her.get("/profile").text
    assert (
        f"Codes go to {phone_text(OTHER)} from now on."
        in her.submit("/profile/phone/code", {"code": code}).text
    )
    work_until_idle(app)
    told = [json.loads(file.read_text()) for file in sorted(spool_folder(app).glob("*.json"))]
    assert "codes for your account go to •••• 4321" in [m["text"] for m in told if m["to"] == PHONE][-1]
    again = make_client()
    ask(again, digits=OTHER[-4:])
    assert enter(again, sent_code(app, OTHER)) == (303, "/portal")


def test_whoever_looks_over_a_shoulder_gets_five_tries_to_confirm(
    app: App, clock: StandingClock, her: Browser
) -> None:
    clock.pass_time(minutes=11)
    her.submit("/confirm/code/send", page="/confirm")
    code = sent_code(app)
    for _n in range(5):
        assert her.submit("/confirm/code", {"code": wrong(code)}, page="/confirm/code").status_code == 422
    assert her.submit("/confirm/code", {"code": code}, page="/confirm/code").status_code == 422


def test_letting_somebody_in_again_reaches_those_who_sign_in_by_code(
    app: App, make_client: Callable[[], Browser], dora: int
) -> None:
    create_user(app, "ana@example.com", "administrator")
    ana, browser = make_client().sign_in("ana@example.com"), make_client()
    for _n in range(3):
        ask(browser)
        statuses = [enter(browser, wrong(sent_code(app)))[0] for _m in range(4)]
    assert statuses[-1] == 429
    assert "Has to wait after too many attempts." in ana.get(f"/users/{dora}").text
    ana.submit(f"/users/{dora}/sign-in/release", page=f"/users/{dora}")
    ask(browser)
    assert enter(browser, sent_code(app)) == (303, "/portal")
