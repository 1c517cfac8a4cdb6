"""Customers under customers."""

from collections.abc import Callable

import pytest

from trunkline.app import App
from trunkline.customers import hierarchy, operations, queries
from trunkline.customers.hierarchy import family_of, set_parent
from trunkline.customers.merging.operations import merge, undo
from trunkline.customers.merging.schemas import MergeCustomers
from trunkline.customers.schemas import RegisterCustomer, SetParent
from trunkline.errors import Refused
from trunkline.testing import Browser

Staff = Callable[..., Browser]


def _add(app: App, name: str, parent: str = "") -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "business", "name": name})
        number = operations.register(ctx, command).number
        if parent:
            set_parent(ctx, number, SetParent(parent=parent))
        return number


@pytest.mark.both_databases
def test_a_circle_is_refused_and_a_merge_makes_none(app: App) -> None:
    head = _add(app, "Head")
    branch = _add(app, "Branch", head)
    shop = _add(app, "Shop", branch)
    for below in (head, branch, shop):
        with pytest.raises(Refused), app.unit_of_work() as ctx:
            set_parent(ctx, head, SetParent(parent=below))
    with app.unit_of_work() as ctx:
        key = merge(ctx, shop, MergeCustomers(source=head)).id or 0
    with app.reading() as ctx:
        top = family_of(ctx, queries.get(ctx, branch)).top
        assert (top.name, [one.name for one in top.below]) == ("Shop", ["Branch"])
    with app.unit_of_work() as ctx:
        undo(ctx, shop, key)
    with app.reading() as ctx:
        family = family_of(ctx, queries.get(ctx, shop))
        assert (family.top.name, len(family.keys)) == ("Head", 3)
        assert family.top.below[0].below[0].name == "Shop"


def test_the_tab_shows_the_tree_and_moves_in_it(app: App, staff: Staff) -> None:
    head, other = _add(app, "Head Office"), _add(app, "North Branch")
    browser = staff("supervisor")
    place = f"/customers/{head}/hierarchy"
    shown = browser.submit(f"/customers/{head}/branches", {"number": other.lower()})
    assert "North Branch" in shown.text
    assert "Balance due" in shown.text
    assert "Balance due" not in staff("field_technician").get(place).text
    assert "Head Office" in browser.get(f"/customers/{other}").text
    answer = browser.submit(f"/customers/{head}/parent", {"parent": other})
    assert answer.status_code == 422
    assert 'id="f-parent-error"' in answer.text
    alone = browser.submit(f"/customers/{other}/parent", {"parent": ""})
    assert "Head Office" not in alone.text


def test_those_whom_the_tab_leaves_out_stand_in_the_list_of_customers(
    app: App, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hierarchy, "MOST", 3)
    head, alone = _add(app, "Head Office"), _add(app, "Quite Alone")
    shops = [_add(app, f"Shop {letter}", head) for letter in "ABCDE"]
    browser = staff("supervisor")
    for number in (head, shops[4]):
        shown = browser.get(f"/customers/{number}/hierarchy").text
        assert f'href="/customers?parent={head}"' in shown
        assert "Balance due" not in shown
    assert "Shop E" not in browser.get(f"/customers/{head}/hierarchy").text
    listed = browser.get(f"/customers?parent={head.lower()}&export=csv").text
    assert [f"Shop {letter}" in listed for letter in "ABCDE"] == [True] * 5
    assert ("Head Office" in listed, "Quite Alone" in listed) == (False, False)
    for nobody in (alone, shops[0], "C999999"):
        assert "Shop" not in browser.get(f"/customers?parent={nobody}&export=csv").text
