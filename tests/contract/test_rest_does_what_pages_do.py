"""Whatever a page does, REST does by the same operation and with the same permission, or the documentation says why not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.responses import Response

from tests.contract.reaching import operations_of
from trunkline.access.break_glass import operations as break_glass
from trunkline.access.break_glass.schemas import BreakGlassReason
from trunkline.app import App
from trunkline.auth.signing_keys import operations as signing_keys
from trunkline.customers import operations as customers
from trunkline.customers.schemas import RegisterCustomer
from trunkline.rest.app import rest_routes
from trunkline.rest.routing import RestRoute
from trunkline.web.app import page_routes
from trunkline.web.pages import Page, PageRoute, Pages

_DOCUMENT = Path(__file__).parents[2] / "docs" / "rest.md"
_CONVERTER = re.compile(r":[a-z]+(?=\})")


@dataclass(frozen=True)
class Verdict:
    """What REST lacks of some pages, a line each by the page's path."""

    #: No REST route calls what the page calls.
    without_route: dict[str, str]
    #: There is one, but with another permission.
    other_permission: dict[str, str]
    #: There is one, but it asks for no fresh sign-in, as the page asks for the password.
    without_proof: dict[str, str]


@pytest.fixture
def rest(app: App) -> Mapping[str, list[RestRoute]]:
    """REST routes that do something, by the operations that they reach."""
    # Pages load what they call when they are gathered, and then it is known what is an operation.
    page_routes(app)
    found: dict[str, list[RestRoute]] = {}
    for _plugin, routes in app.part(rest_routes):
        for route in routes.routes:
            if route.method != "GET":
                for name in operations_of(route.handler):
                    found.setdefault(name, []).append(route)
    return found


def _judge(pages: Iterable[PageRoute], rest: Mapping[str, list[RestRoute]]) -> Verdict:
    verdict = Verdict({}, {}, {})
    for page in pages:
        path, called = _CONVERTER.sub("", page.path), operations_of(page.handler)
        alike = [route for name in called for route in rest.get(name, ())]
        if not called or not called <= rest.keys():
            verdict.without_route[path] = ", ".join(sorted(called - rest.keys())) or "nothing that is known"
        elif page.permission not in {route.permission for route in alike}:
            verdict.other_permission[path] = f"{page.permission}, not {alike[0].permission}"
        elif page.proof_lasts is not None and not any(route.sudo for route in alike):
            verdict.without_proof[path] = page.permission
    return verdict


def _posting(app: App) -> list[PageRoute]:
    return [route for _plugin, route in page_routes(app) if "POST" in route.methods]


def _excepted() -> dict[str, str]:
    """Reasons by page, from the table of the documentation."""
    section = _DOCUMENT.read_text().partition("## What only pages do\n")[2].partition("\n## ")[0]
    table = section.partition("|---|---|\n")[2].partition("\n\n")[0]
    found: dict[str, str] = {}
    for line in table.strip().splitlines():
        _left, pages, reason, _right = line.split("|")
        for path in re.findall("`([^`]+)`", pages):
            assert path not in found, f"{path} is listed twice"
            found[path] = reason.strip()
    return found


def _told(found: Mapping[str, str]) -> str:
    return "\n".join(f"{path}: {words}" for path, words in found.items())


def test_every_page_that_does_something_has_its_route_or_a_reason(
    app: App, rest: Mapping[str, list[RestRoute]]
) -> None:
    verdict, reasons = _judge(_posting(app), rest), _excepted()
    missing = {path: said for path, said in verdict.without_route.items() if path not in reasons}
    assert not missing, (
        "No REST route calls what these pages call. Add one, or a line with the reason to docs/rest.md:\n"
        f"{_told(missing)}"
    )
    assert sorted(reasons.keys() - verdict.without_route.keys()) == [], "these need no reason any more"
    assert all(reasons.values()), "each has a reason"
    assert not verdict.other_permission, _told(verdict.other_permission)


def test_what_asks_people_for_their_password_asks_programs_for_a_fresh_sign_in(
    app: App, rest: Mapping[str, list[RestRoute]]
) -> None:
    missing = _judge(_posting(app), rest).without_proof
    assert not missing, f"Say sudo=True on their REST routes:\n{_told(missing)}"


def test_a_new_page_that_no_program_can_do_is_found(rest: Mapping[str, list[RestRoute]]) -> None:
    pages = Pages()

    @pages.form(
        "/new/{key:int}", permission="core.x.use", schema=BreakGlassReason, template="x.html", title="New"
    )
    def take(page: Page, command: BreakGlassReason, key: int) -> Response:
        return _taken(page, command)

    @pages.post("/dark", permission="core.customer.create")
    def reads_only(page: Page) -> Response:
        return page.redirect("/")

    @pages.post("/register", permission="core.customer.list")
    def register(page: Page) -> Response:
        customers.register(page.ctx, page.command(RegisterCustomer))
        return page.redirect("/")

    @pages.post("/register-with-proof", permission="core.customer.create", sudo=True)
    def register_with_proof(page: Page) -> Response:
        customers.register(page.ctx, page.command(RegisterCustomer))
        return page.redirect("/")

    @pages.post("/rotate", permission="core.signing_key.change", sudo=True)
    def rotate(page: Page) -> Response:
        signing_keys.rotate(page.ctx)
        return page.redirect("/")

    verdict = _judge([route for route in pages.routes if "POST" in route.methods], rest)
    assert verdict.without_route == {
        "/new/{key}": "trunkline.access.break_glass.operations.take",
        "/dark": "nothing that is known",
    }
    assert verdict.other_permission == {"/register": "core.customer.list, not core.customer.create"}
    assert verdict.without_proof == {"/register-with-proof": "core.customer.create"}


def _taken(page: Page, command: BreakGlassReason) -> Response:
    break_glass.take(page.ctx, command)
    return page.redirect("/")
