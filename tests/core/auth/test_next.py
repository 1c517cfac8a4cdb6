"""The page that was asked for before signing in is one of ours, whatever the address says (OWASP ASVS 5, 3.7.2)."""

import re
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trunkline.app import App
from trunkline.auth.arriving import safe_next
from trunkline.testing import PASSWORD, Browser, create_user

pytestmark = pytest.mark.plugins()

NASTY = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%09/evil.example",
    "https://evil.example",
    "https:evil.example",
    "javascript:alert(1)",
    "data:text/html,hello",
    "http:///evil.example",
    "/\r\nLocation: https://evil.example",
    "/\u2028/evil.example",
    "/.\\evil.example",
    "/customers\\..\\..\\\\evil.example",
    "@evil.example",
    "/@evil.example",
    "",
    "/sign-out",
    "//evil.example/%2f..",
    "/;@evil.example",
]
#: What browsers drop from an address before they read it (WHATWG URL, 4.4).
_DROPPED = re.compile(r"[\t\n\r]")
_PARTS = st.sampled_from(
    [
        "/",
        "\\",
        "//",
        "\t",
        "\n",
        " ",
        "%2f",
        "%5c",
        ".",
        "..",
        "@",
        ":",
        "?",
        "#",
        "https:",
        "evil.example",
        "users",
    ]
)


def host_of(place: str) -> str:
    """Where a browser on https://own.example goes that is told this place; empty when it stays."""
    read = _DROPPED.sub("", place.strip("".join(map(chr, range(33))))).replace("\\", "/")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", read):
        return read
    return read[2:] or "nowhere" if read.startswith("//") else ""


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=40), st.lists(_PARTS, max_size=7).map("".join)),
    st.sampled_from(["staff", "portal"]),
)
@example("/%5cevil.example", "staff")
def test_nothing_leads_to_another_site(asked: str, kind: str) -> None:
    place = safe_next(asked, kind)
    assert host_of(place) == ""
    assert place.startswith("/")
    assert place.isprintable()


@pytest.mark.parametrize("asked", NASTY)
def test_known_tricks_stay_here(asked: str) -> None:
    assert host_of(safe_next(asked, "staff")) == ""


def test_a_page_of_ours_is_kept() -> None:
    for kind, place in (
        ("staff", "/customers?q=a%2Fb&sort=-name#top"),
        ("portal", "/portal/invoices?page=2"),
    ):
        assert safe_next(place, kind) == place
    assert safe_next("/customers", "portal") == "/portal"


def test_signing_in_with_a_nasty_next_ends_at_home(app: App, client: Browser) -> None:
    create_user(app, "ana@example.com", "auditor")
    for asked in NASTY:
        shown = client.get(f"/sign-in?next={quote(asked, safe='')}")
        fields = {"email": "ana@example.com", "password": PASSWORD, "next": asked}
        answer = client.submit("/sign-in", fields, follow_redirects=False)
        assert (shown.status_code, answer.status_code) == (200, 303), asked
        assert host_of(answer.headers["location"]) == "", asked
        again = client.get(f"/sign-in?next={quote(asked, safe='')}", follow_redirects=False)
        assert host_of(again.headers["location"]) == "", asked
        client.cookies.clear()
