"""Second factors in the browser: the QR code that a phone reads, and passkeys by Chromium's virtual authenticator."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.sample import AXE, complaints_of
from tests.clock import StandingClock

pytestmark = [pytest.mark.browser, pytest.mark.plugins(), pytest.mark.timeout(300)]


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime.now(UTC))


def sign_out(page: Page, visitor: BrowserContext) -> None:
    visitor.clear_cookies()
    page.goto("about:blank")


def is_signed_in(page: Page) -> None:
    expect(page.get_by_role("navigation", name="Main").first).to_be_visible()


def is_accessible(page: Page) -> None:
    """Axe finds nothing, at the desk and on a phone."""
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert not AXE.is_file() or complaints_of(page) == [], f"{page.url} at {width}"
    page.set_viewport_size({"width": 1440, "height": 900})


def authenticator(visitor: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """A phone's authenticator that always says yes, finger and all."""
    session = visitor.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def test_a_phone_is_set_up_by_the_key_on_the_page_and_its_codes_sign_in(
    url: str, page: Page, visitor: BrowserContext, clock: StandingClock
) -> None:
    sign_in(page, url)
    page.goto(f"{url}/profile/second-factor")
    is_accessible(page)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    is_accessible(page)
    page.get_by_text("The app cannot scan?").click()
    key = page.get_by_text(re.compile(r"^[A-Z2-7]{4}( [A-Z2-7]{4}){7}$")).inner_text()
    phone = pyotp.TOTP(key.replace(" ", ""))
    page.get_by_label("Code that the app shows").fill(phone.at(clock.moment))
    page.get_by_role("button", name="Confirm").click()
    shown = page.get_by_role("list", name="Backup codes").get_by_role("listitem")
    expect(shown).to_have_count(10)
    codes = shown.all_inner_texts()
    is_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    kept = download.value.path().read_text()
    assert all(code in kept for code in codes)

    sign_out(page, visitor)
    clock.moment += timedelta(minutes=1)
    sign_in(page, url)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    is_accessible(page)
    page.get_by_label("Code").fill(phone.at(clock.moment))
    page.get_by_label("Remember this browser").check()
    page.get_by_role("button", name="Sign in", exact=True).click()
    is_signed_in(page)
    page.goto(f"{url}/profile/second-factor")
    browsers = page.get_by_role("region", name="Remembered browsers")
    expect(browsers).to_contain_text("Chrome on Linux")

    # The remembered browser is not asked again, and one that is forgotten is.
    page.request.post(f"{url}/sign-out", form={"csrf_token": _token(page)})
    sign_in(page, url)
    is_signed_in(page)


def _token(page: Page) -> str:
    value = page.locator('input[name="csrf_token"]').first.get_attribute("value")
    assert value
    return value


def test_a_passkey_signs_in_alone_and_after_the_password_until_it_is_removed(
    url: str, page: Page, visitor: BrowserContext, clock: StandingClock
) -> None:
    session, phone = authenticator(visitor, page)
    sign_in(page, url)
    page.goto(f"{url}/profile/second-factor")
    page.get_by_label("Name of the new passkey").fill("Telefone da Helena")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("list", name="Backup codes").get_by_role("listitem")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Telefone da Helena")).to_be_visible()

    # The same device is not taken twice.
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("This device has a passkey for your account already.")).to_be_visible()

    # Alone: neither e-mail nor password.
    sign_out(page, visitor)
    page.goto(f"{url}/sign-in?next=/users")
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_signed_in(page)
    expect(page).to_have_url(f"{url}/users")

    # After the password it is the second factor.
    sign_out(page, visitor)
    sign_in(page, url)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    is_signed_in(page)

    # Without a finger it is no proof that stands alone.
    sign_out(page, visitor)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": phone, "isUserVerified": False})
    page.goto(f"{url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was shown.")).to_be_visible()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": phone, "isUserVerified": True})

    # A copy of it, whose counter has stood still, is refused.
    credential = session.send("WebAuthn.getCredentials", {"authenticatorId": phone})["credentials"][0]
    session.send(
        "WebAuthn.removeCredential", {"authenticatorId": phone, "credentialId": credential["credentialId"]}
    )
    session.send(
        "WebAuthn.addCredential", {"authenticatorId": phone, "credential": {**credential, "signCount": 0}}
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey is not accepted.")).to_be_visible()
    session.send(
        "WebAuthn.removeCredential", {"authenticatorId": phone, "credentialId": credential["credentialId"]}
    )
    session.send(
        "WebAuthn.addCredential", {"authenticatorId": phone, "credential": {**credential, "signCount": 50}}
    )

    # Removed, it opens nothing any more.
    page.goto(f"{url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    is_signed_in(page)
    page.goto(f"{url}/profile/second-factor")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey “Telefone da Helena” is not accepted any more.")).to_be_visible()
    sign_out(page, visitor)
    page.goto(f"{url}/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This passkey is not accepted.")).to_be_visible()
