"""Two customers who are one: found, compared, merged, and parted again."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import SQLModel, col, select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.customers import operations, queries
from trunkline.customers.hierarchy import set_parent
from trunkline.customers.merging import candidates, moving, nightly
from trunkline.customers.merging.operations import UNDO_FOR, dismiss, merge, undo
from trunkline.customers.merging.queries import dismissed_with, list_duplicates, preview
from trunkline.customers.merging.rows import CustomerRows, references
from trunkline.customers.merging.schemas import MergeCustomers
from trunkline.customers.models import CustomerStatus
from trunkline.customers.schemas import (
    RegisterCustomer,
    SetParent,
    SetStatus,
    SiteData,
    TagData,
    UpdateCustomer,
)
from trunkline.errors import Conflict, Forbidden, Refused
from trunkline.search.queries import find
from trunkline.testing import Browser, actor_with, work_until_idle
from trunkline_billing.models import BillingAccount, BillingEntry
from trunkline_catalog.models import CatalogProduct, CatalogService

Staff = Callable[..., Browser]

#: Columns that name a customer and stay, with the reason.
_STAY = {
    "core_activity.customer_id": "the log is only added to",
    "core_event.customer_id": "what happened, happened to that one",
    "core_search_document.customer_id": "indexed anew",
    "core_customer_merge.customer_id": "it is the record of the merge",
}


def _add(app: App, name: str, **values: Any) -> str:
    with app.unit_of_work() as ctx:
        command = RegisterCustomer.model_validate({"kind": "individual", "name": name, **values})
        return operations.register(ctx, command).number


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))


def _key(app: App, number: str) -> int:
    with app.reading() as ctx:
        return queries.get(ctx, number).key


def test_no_table_with_rows_of_customers_is_forgotten(app: App) -> None:
    with app.reading() as ctx:
        moving_parts = {part.name for part in moving.parts(ctx)}
    declared = {rows.name for _, rows in app.hooks.gather("customer_rows", CustomerRows)}
    owners = tuple(f"{plugin.name}_" for plugin in app.plugins)
    wanted, once_a_customer = set(), set()
    for table in SQLModel.metadata.tables.values():
        if table.name.startswith(owners):
            columns = {column for _table, column in references(table)} | (
                {"customer_id"} & set(table.c.keys())
            )
            wanted |= {f"{table.name}.{column}" for column in columns}
            unique = [set(one.columns.keys()) for one in _restrictions(table) if _unique(one)]
            once_a_customer |= {
                f"{table.name}.{column}" for column in columns for one in unique if column in one
            }
    assert wanted - moving_parts - set(_STAY) == set()
    # What may be there once for each customer cannot move by itself: it says what stays or what changes.
    assert once_a_customer - declared == set()


def _restrictions(table: Any) -> list[Any]:
    return [*table.constraints, *table.indexes]


def _unique(one: Any) -> bool:
    return isinstance(one, UniqueConstraint) or (isinstance(one, Index) and bool(one.unique))


def _furnish(app: App, number: str) -> None:
    """A site, tags, a service at the site, an account with an entry and an invoice."""
    with app.unit_of_work() as ctx:
        site = operations.add_site(ctx, number, SiteData(name="Home", city="Recife"))
        for text in ("VIP", f"only {number}"):
            operations.add_tag(ctx, number, TagData(text=text))
        customer = queries.get(ctx, number)
        product = ctx.session.scalars(select(CatalogProduct)).first()
        if product is None:
            product = CatalogProduct(code="P", name="Plan")
            ctx.session.add(product)
            ctx.session.flush()
        ctx.session.add(
            CatalogService(
                number=f"S-{number}", customer_id=customer.key, product_id=product.key, site_id=site.key
            )
        )
        account = BillingAccount(
            number=f"A-{number}", customer_id=customer.key, currency="BRL", is_default=True
        )
        ctx.session.add(account)
        ctx.session.flush()
        ctx.session.add(
            BillingEntry(
                unique_key=f"E-{number}", account_id=account.key, customer_id=customer.key, kind="charge"
            )
        )
        ctx.session.flush()


def _owners(app: App, model: Any, *names: str) -> dict[str, int]:
    with app.reading() as ctx:
        rows = ctx.session.execute(select(getattr(model, names[0]), model.customer_id))
        return dict(rows.all())


@pytest.mark.both_databases
def test_all_that_is_theirs_moves_and_comes_back(app: App) -> None:
    stays, goes = (
        _add(app, "Ana Souza"),
        _add(app, "Ana M. Souza", email="ana@example.com", tax_id="52998224725"),
    )
    first, second = _key(app, stays), _key(app, goes)
    for number in (stays, goes):
        _furnish(app, number)
    with app.unit_of_work() as ctx:
        done = merge(ctx, stays, MergeCustomers(source=goes, take=["email", "tax_id"]))
        key = done.id or 0
        assert done.counts["Services"] == 1
        assert done.counts["Accounts"] == 1
    for model, name in ((CatalogService, "number"), (BillingAccount, "number"), (BillingEntry, "unique_key")):
        assert set(_owners(app, model, name).values()) == {first}, name
    with app.reading() as ctx:
        merged = queries.get(ctx, goes)
        assert (merged.number, merged.email, merged.tax_id) == (stays, "ana@example.com", "52998224725")
        assert {tag.text for tag in queries.tags_of(ctx, first)} == {"VIP", f"only {stays}", f"only {goes}"}
        defaults = select(BillingAccount.number).where(col(BillingAccount.is_default))
        assert ctx.session.scalars(defaults).all() == [f"A-{stays}"]
        about = select(ActivityEntry.customer_id).where(col(ActivityEntry.operation) == "core.customer.merge")
        assert set(ctx.session.scalars(about)) == {first, second}
    work_until_idle(app)
    with app.reading() as ctx:
        for asked in (goes, "Ana M. Souza"):
            assert {
                hit.path
                for group in find(ctx, asked)
                for hit in group.hits
                if hit.path.startswith("/customers")
            } == {f"/customers/{stays}"}
    with app.unit_of_work() as ctx:
        undo(ctx, stays, key)
    assert _owners(app, CatalogService, "number") == {f"S-{stays}": first, f"S-{goes}": second}
    assert _owners(app, BillingEntry, "unique_key") == {f"E-{stays}": first, f"E-{goes}": second}
    with app.reading() as ctx:
        parted = queries.get(ctx, goes)
        assert (parted.number, parted.status, parted.tax_id) == (goes, "active", "52998224725")
        assert queries.get(ctx, stays).email == ""
        assert {tag.text for tag in queries.tags_of(ctx, first)} == {"VIP", f"only {stays}"}
        assert (
            len(ctx.session.scalars(select(BillingAccount).where(col(BillingAccount.is_default))).all()) == 2
        )


def test_an_undo_that_would_tear_something_newer_apart_says_so(app: App) -> None:
    stays, goes = _add(app, "Ana Souza"), _add(app, "Ana Sousa")
    first = _key(app, stays)
    _furnish(app, goes)
    with app.unit_of_work() as ctx:
        key = merge(ctx, stays, MergeCustomers(source=goes)).id or 0
    with app.unit_of_work() as ctx:
        site = queries.sites_of(ctx, first)[0]
        product = ctx.session.scalars(select(CatalogProduct)).one()
        ctx.session.add(
            CatalogService(number="S-new", customer_id=first, product_id=product.key, site_id=site.id)
        )
    with pytest.raises(Refused, match=r"Services.*Sites"), app.unit_of_work() as ctx:
        undo(ctx, stays, key)
    assert set(_owners(app, CatalogService, "number").values()) == {first}


def test_merges_are_undone_for_a_while_and_newest_first(app: App) -> None:
    one, two, three = (_add(app, name) for name in ("Ana", "Ana Maria", "Ana M."))
    with app.unit_of_work() as ctx:
        inner = merge(ctx, two, MergeCustomers(source=three)).id or 0
    with app.unit_of_work() as ctx:
        merge(ctx, one, MergeCustomers(source=two))
    with app.reading() as ctx:
        assert queries.get(ctx, three).number == one
    with pytest.raises(Refused, match="newest comes first"), app.unit_of_work() as ctx:
        undo(ctx, two, inner)
    late = _add(app, "Ana S.")
    with app.unit_of_work() as ctx:
        key = merge(ctx, one, MergeCustomers(source=late)).id or 0
    with app.unit_of_work() as ctx:
        begun = ctx.now()
        ctx.clock = lambda: begun + UNDO_FOR + timedelta(days=1)
        with pytest.raises(Refused, match="30 days"):
            undo(ctx, one, key)


def test_what_cannot_be_one_is_refused(app: App) -> None:
    stays, goes = _add(app, "Ana Souza"), _add(app, "Ana Sousa")
    with pytest.raises(Refused, match="itself"), app.unit_of_work() as ctx:
        merge(ctx, stays, MergeCustomers(source=stays))
    with app.unit_of_work() as ctx:
        operations.update(ctx, goes, UpdateCustomer(phone="+55 11 91234-5678"))
    with pytest.raises(Conflict), app.unit_of_work() as ctx:
        merge(ctx, stays, MergeCustomers(source=goes, source_version=1))
    with pytest.raises(Forbidden), app.unit_of_work(actor_with("core.customer.edit")) as ctx:
        merge(ctx, stays, MergeCustomers(source=goes))


def test_who_is_told_that_either_changed_meanwhile_looks_again_and_merges(app: App, staff: Staff) -> None:
    stays, goes = _add(app, "Ana Souza"), _add(app, "Ana Sousa")
    browser = staff("supervisor")
    page = f"/customers/{stays}/merge/{goes}"
    opened = browser.get(page).text
    with app.unit_of_work() as ctx:
        operations.update(ctx, goes, UpdateCustomer(phone="+55 11 91234-5678"))
    told = browser.post(page, data=_hidden(opened) | {"name": "take"})
    assert told.status_code == 409
    assert "+55 11 91234-5678" in told.text
    done = browser.post(page, data=_hidden(told.text) | {"name": "take", "phone": "take"})
    assert done.url.path == f"/customers/{stays}"
    with app.reading() as ctx:
        merged = queries.get(ctx, stays)
        assert (merged.name, merged.phone) == ("Ana Sousa", "+5511912345678")


def test_nobody_is_shown_a_merge_that_would_be_refused(app: App, staff: Staff) -> None:
    stays, gone = _add(app, "Ana Souza"), _add(app, "Ana Sousa")
    with app.unit_of_work() as ctx:
        operations.set_status(ctx, gone, SetStatus(status=CustomerStatus.CLOSED, reason="moved"))
        operations.archive(ctx, gone)
    browser = staff("supervisor")
    for other, why in ((stays, "cannot be merged into itself"), (gone, "is archived")):
        asked = browser.submit(f"/customers/{stays}/merge", {"source": other})
        assert asked.status_code == 422
        assert asked.url.path == f"/customers/{stays}/merge"
        assert why in asked.text
        typed = browser.get(f"/customers/{stays}/merge/{other}")
        assert typed.status_code == 422
        assert why in typed.text


@pytest.mark.both_databases
def test_doubles_are_found_by_what_they_share(app: App) -> None:
    shop = _add(app, "Padaria Estrela", kind="business", tax_id="11.222.333/0001-81", email="p@example.com")
    branch = _add(app, "Estrela Filial", kind="business", tax_id="11.222.333/0002-62")
    _add(app, "Somebody Else", phone="+55 11 91234-5678")
    mail = _add(app, "Padaria Estrella", kind="business", email="p@example.com")
    work_until_idle(app)
    with app.unit_of_work() as ctx:
        found = {one.number: one.reasons for one in candidates.like(ctx, queries.get(ctx, shop))}
        assert found == {branch: ["tax_id"], mail: ["email", "name"]}
        nightly.keep(ctx, nightly.look(ctx))
        nightly.keep(ctx, nightly.look(ctx))
        pairs = {(row.number, row.other_number) for row in ctx.session.execute(list_duplicates(ctx))}
        assert pairs == {(shop, branch), (shop, mail)}
        dismiss(ctx, shop, branch)
        nightly.keep(ctx, nightly.look(ctx))
        assert [row.other_number for row in ctx.session.execute(list_duplicates(ctx))] == [mail]
        assert dismissed_with(ctx, queries.get(ctx, shop).key) == {queries.get(ctx, branch).key}


def test_the_pages_lead_from_the_double_to_the_undo(app: App, staff: Staff) -> None:
    stays, goes = (
        _add(app, "Ana Souza", email="a@example.com"),
        _add(app, "Ana S.", email="a@example.com", phone="+5511912345678"),
    )
    browser = staff("supervisor")
    assert "Ana S." in browser.get(f"/customers/{stays}/duplicates").text
    compared = browser.get(f"/customers/{stays}/merge/{goes}").text
    assert "+55 11 91234-5678" in compared
    assert (
        browser.submit(f"/customers/{stays}/merge/{goes}", {"name": "keep", "phone": "take"}).status_code
        == 200
    )
    opened = browser.get(f"/customers/{goes}/contacts")
    assert opened.url.path == f"/customers/{stays}/contacts"
    shown = browser.get(f"/customers/{stays}").text
    assert "Undo the merge" in shown
    assert "+55 11 91234-5678" in shown
    answer = browser.submit(f"/customers/{stays}/merges/1/undo", page=f"/customers/{stays}")
    assert answer.url.path == f"/customers/{goes}"
    assert staff("customer_care").get(f"/customers/{stays}/duplicates").status_code == 403


def test_the_log_calls_merging_taking_it_back_and_not_the_same_by_words_of_their_own(
    app: App, staff: Staff
) -> None:
    stays, goes = _add(app, "Ana Souza"), _add(app, "Ana Sousa")
    browser, base = staff("supervisor"), f"/customers/{stays}"
    browser.submit(f"{base}/merge/{goes}", {})
    browser.submit(f"{base}/merges/1/undo", page=base)
    browser.submit(f"{base}/duplicates/{goes}/dismiss", page=f"{base}/duplicates")

    def said(number: str) -> list[str]:
        page = browser.get(f"/customers/{number}/activity").text
        found: list[str] = re.findall(r"Customer (?:merged|unmerged|told apart)", page)
        return list(dict.fromkeys(found))

    assert said(stays) == ["Customer told apart", "Customer unmerged", "Customer merged"]
    assert said(goes) == ["Customer unmerged", "Customer merged"]
    (entry,) = re.findall(
        "<tbody>(.*?)</tbody>", browser.get("/activity?operation=core.customer.tell_apart").text, re.DOTALL
    )
    assert "Customer told apart" in entry
    assert "Customer merged" not in entry


def test_a_branch_that_takes_in_who_stands_above_is_no_like_of_anything(app: App, staff: Staff) -> None:
    above, target = _add(app, "Serra Telecom"), _add(app, "Serra Telecom Norte")
    with app.unit_of_work() as ctx:
        set_parent(ctx, target, SetParent(parent=above))
    browser = staff("supervisor")
    assert "Branches" not in browser.get(f"/customers/{target}/merge/{above}").text
    other = _add(app, "Serra Telecom Sul")
    with app.unit_of_work() as ctx:
        set_parent(ctx, other, SetParent(parent=above))
        found = {one.what: (one.moves, one.stays) for one in preview(ctx, target, above).moving}
    assert found["Branches"] == (1, 0)
