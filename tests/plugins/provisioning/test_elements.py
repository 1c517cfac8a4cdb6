"""Network elements on their list and their page."""

import csv
import re
from collections.abc import Callable

import pytest

from trunkline.access.models import Role, RoleGrant
from trunkline.app import App
from trunkline.testing import Browser, work_until_idle
from trunkline_provisioning import elements

pytestmark = pytest.mark.plugins("inventory", "catalog", "provisioning")

Staff = Callable[..., Browser]
_LIST = "/provisioning/elements"


@pytest.fixture
def four(app: App) -> dict[str, int]:
    """Elements by name with their keys."""
    with app.unit_of_work() as ctx:
        return {
            name: elements.add(
                ctx,
                elements.ElementFields(name=name, label=label, host=host, port=port, password=password),
            ).key
            for name, label, host, port, password in (
                ("radius", "RADIUS", "192.0.2.7", 5432, "s3cret-of-radius"),
                ("edge", "Router Centro", "192.0.2.8", None, ""),
                ("olt", "OLT Norte", "olt.example.com", 22, ""),
                ("agent", "Agent", "", 161, ""),
            )
        }


def _rows(browser: Browser, query: str = "") -> list[dict[str, str]]:
    """The rows of a file of the list with every column, by their heads."""
    written = browser.get(f"{_LIST}?export=csv{query}").text
    return list(csv.DictReader(written.lstrip("\ufeff").splitlines()))


def test_a_file_of_the_list_says_where_elements_are_and_who_names_them_and_no_secret(
    four: dict[str, int], staff: Staff
) -> None:
    rows = _rows(staff("auditor"))
    assert [(row["Name"], row["Address"], row["Password"]) for row in rows] == [
        ("agent", "", ""),
        ("edge", "192.0.2.8", ""),
        ("olt", "olt.example.com:22", ""),
        ("radius", "192.0.2.7:5432", "Kept"),
    ]
    assert rows[3]["Named by"] == "radius_subscriber, triple_play"
    assert "s3cret-of-radius" not in str(rows)


def test_the_list_is_searched_by_name_label_and_address(four: dict[str, int], staff: Staff) -> None:
    browser = staff("auditor")
    for words, found in (("norte", "olt"), ("192.0.2.8", "edge"), ("radi", "radius")):
        assert [row["Name"] for row in _rows(browser, f"&q={words}")] == [found]


def test_rows_lead_to_the_form_of_who_may_change_elements_only(four: dict[str, int], staff: Staff) -> None:
    place = f'href="{_LIST}/olt/edit"'
    assert place in staff("provisioning_engineer").get(_LIST).text
    shown = staff("auditor").get(_LIST).text
    assert "OLT Norte" in shown
    assert place not in shown
    assert "/do/provisioning.element_remove" not in shown


def test_an_element_is_removed_from_its_page(four: dict[str, int], staff: Staff) -> None:
    browser = staff("provisioning_engineer")
    page = f"{_LIST}/olt/edit"
    assert f'action="{_LIST}/olt/remove"' in browser.get(page).text
    left = browser.submit(f"{_LIST}/olt/remove", page=page).text
    assert "The element was removed." in left
    assert "OLT Norte" not in left
    assert browser.get(page).status_code == 404


@pytest.fixture
def remover(app: App) -> str:
    """A role that may see and remove elements, not change them."""
    with app.unit_of_work() as ctx:
        role = Role(name="remover", label="Remover", description="")
        ctx.session.add(role)
        ctx.session.flush()
        granted = ("provisioning.element.list", "provisioning.element.delete", "core.list_rows.change")
        ctx.session.add_all(RoleGrant(role_id=role.key, permission=name) for name in granted)
        return role.name


@pytest.mark.parametrize("role", ["provisioning_engineer", "remover"])
def test_many_elements_are_removed_from_their_list(
    app: App, four: dict[str, int], staff: Staff, remover: str, role: str
) -> None:
    browser = staff(role)
    remove = "/lists/network-elements/do/provisioning.element_remove"
    ids = [str(four[name]) for name in ("edge", "agent")]
    assert f'"{remove}"' in browser.get(_LIST).text
    asked = browser.submit(remove, {"ids": ids}, page=_LIST)
    assert "Playbooks that name them fail from then on." in asked.text
    (picked,) = re.findall(r'name="picked" value="([^"]*)"', asked.text)
    browser.submit(f"{remove}/begin", {"picked": picked}, page=_LIST)
    work_until_idle(app)
    assert [row["Name"] for row in _rows(staff("auditor"))] == ["olt", "radius"]
