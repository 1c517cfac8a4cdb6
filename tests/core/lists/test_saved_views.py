"""Saved views and columns of one's own: kept, shared, opened with, and nobody else's business."""

import re
from collections.abc import Callable

import pytest

from tests.core.customers.test_customer_pages import add
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.resellers.operations import create as create_reseller
from trunkline.resellers.schemas import CreateReseller
from trunkline.testing import Browser, create_user

pytestmark = pytest.mark.plugins()
Staff = Callable[..., Browser]


def _tabs(html: str) -> list[str]:
    nav = html.partition('aria-label="Views"')[2].partition("</nav>")[0]
    return [re.sub(r"<[^>]+>|Shared view:", "", tab) for tab in re.findall(r"<a [^>]*nav-link.*?</a>", nav)]


def _tab(html: str, name: str) -> str:
    found = re.search(rf'href="([^"]+)"[^>]*>(?:<[^>]+>|Shared view:)*{name}<', html)
    assert found is not None, f"no tab {name}"
    return found.group(1).replace("&amp;", "&")


def _save(browser: Browser, name: str, query: str = "", **fields: str) -> str:
    answer = browser.submit(
        "/lists/customers/views", {"name": name, "query": query, **fields}, page="/customers"
    )
    assert answer.status_code == 200, answer.text
    return str(answer.url)


@pytest.mark.both_databases
def test_a_view_is_the_list_as_it_stood_and_only_ones_own(app: App, staff: Staff) -> None:
    add(app, "Ana Souza")
    add(app, "Padaria Estrela", kind="business", legal_name="Padaria Estrela Ltda")
    browser, colleague = staff("customer_care"), staff("customer_care")
    _save(browser, "Firms", "kind=business&sort=-name&cursor=abc")
    shown = browser.get(_tab(browser.get("/customers").text, "Firms")).text
    assert "Padaria Estrela" in shown
    assert "Ana Souza" not in shown
    assert 'aria-current="page"' in shown.partition(">Firms<")[0].rpartition("<a ")[2]
    assert "Firms" not in _tabs(colleague.get("/customers").text)


def test_a_list_opens_with_ones_own_view_and_all_of_it_is_one_click_away(app: App, staff: Staff) -> None:
    add(app, "Ana Souza")
    browser = staff("customer_care")
    _save(browser, "Firms", "kind=business", opens="true")
    opened = browser.get("/customers")
    assert "kind=business" in str(opened.url)
    assert "Nothing matches" in opened.text
    everything = browser.get(_tab(opened.text, "All"))
    assert "Ana Souza" in everything.text


def test_sharing_needs_its_own_permission_and_a_shared_view_is_not_others_to_change(
    app: App, staff: Staff
) -> None:
    care, supervisor = staff("customer_care"), staff("supervisor")
    refused = care.submit(
        "/lists/customers/views", {"name": "Mine for all", "shared": "true"}, page="/customers"
    )
    assert refused.status_code == 403
    assert "Shared with everybody" not in care.get("/customers").text
    _save(supervisor, "Everybody’s", "kind=business", shared="true")
    href = _tab(care.get("/customers").text, "Everybody’s")
    number = re.search(r"saved=(\d+)", href)
    assert number is not None
    change = f"/lists/views/{number.group(1)}"
    assert care.submit(change, {"name": "Taken over"}, page="/customers").status_code == 403
    assert care.submit(f"{change}/remove", page="/customers").status_code == 403
    opens = care.submit(change, {"name": "Everybody’s", "shared": "true", "opens": "true"}, page="/customers")
    assert opens.status_code == 200, "that it opens one's own list is one's own business"
    assert "kind=business" in str(care.get("/customers").url)
    supervisor.submit(f"{change}/remove", page="/customers")
    assert "Everybody’s" not in _tabs(care.get("/customers").text)
    assert str(care.get("/customers").url).endswith("/customers")


def test_a_list_without_views_offers_to_save_one_beside_its_search_until_there_is_one(staff: Staff) -> None:
    def offers(html: str) -> tuple[bool, bool]:
        bar = html.partition('<form class="bar"')[2].partition("</form>")[0]
        over = html.partition('<div class="views"')[2].partition('<form class="bar"')[0]
        return "Save view" in bar, "Save view" in over

    browser = staff("administrator")
    assert offers(browser.get("/emails").text) == (True, False)
    browser.submit("/lists/emails/views", {"name": "Failed", "query": "state=failed"}, page="/emails")
    assert offers(browser.get("/emails").text) == (False, True)


def test_columns_are_chosen_in_the_address_and_kept_for_oneself(app: App, staff: Staff) -> None:
    add(app, "Ana Souza", email="ana@example.com")
    browser = staff("supervisor")
    shown = browser.get("/customers?cols=number,email").text
    heads = re.findall(r"<th scope=\"col\" class=\"(?!pick).*?</th>", shown.partition("<thead>")[2])
    assert [re.sub(r"<[^>]+>", "", head) for head in heads] == ["Number", "E-mail"]
    browser.submit("/lists/customers/columns", {"columns": "name,tags"}, page="/customers")
    kept = browser.get("/customers").text.partition("<thead>")[2].partition("</thead>")[0]
    assert "Tags" in kept
    assert "Number" not in kept
    refused = browser.submit("/lists/customers/columns", {"columns": "password"}, page="/customers")
    assert refused.status_code == 422
    assert "no column" in refused.text


def test_what_stands_over_a_list_follows_its_tags_its_columns_and_who_reads(app: App, staff: Staff) -> None:
    def bar(browser: Browser, place: str = "/customers") -> str:
        return browser.get(place).text.partition('<form class="bar"')[2].partition("<table")[0]

    number = add(app, "Ana Souza")
    browser, colleague = staff("supervisor"), staff("supervisor")
    assert bar(browser) != bar(colleague), "each is “Me” in the filter"
    assert 'value="vip"' not in bar(browser)
    browser.submit(f"/customers/{number}/tags/new", {"text": "vip"}, page=f"/customers/{number}/tags/new")
    assert 'value="vip"' in bar(colleague)
    assert 'value="active"' in bar(browser, "/customers?view=active").partition("</form>")[0]
    assert "sort=-number" in bar(browser, "/customers?sort=number")
    assert "sort=-number" not in bar(browser)
    browser.submit("/lists/customers/columns", {"columns": "name,tags"}, page="/customers")
    assert "Back to the standard columns" in bar(browser)
    assert "Back to the standard columns" not in bar(colleague)


def _input(html: str, name: str) -> str:
    found = re.search(rf'<input[^>]* name="{name}"[^>]*>', html.partition("<main")[2])
    assert found is not None, f"no field {name}"
    return found.group(0)


def test_a_name_that_is_taken_is_said_beside_its_field_and_what_was_typed_stays(
    app: App, staff: Staff
) -> None:
    browser = staff("customer_care")
    _save(browser, "Firms", "kind=business")
    typed = {"name": "Firms", "query": "kind=individual&sort=-name", "opens": "true"}
    again = browser.submit("/lists/customers/views", typed, page="/customers")
    assert again.status_code == 422
    assert "There is a view called “Firms” already" in again.text
    assert 'aria-invalid="true"' in _input(again.text, "name")
    assert 'value="Firms"' in _input(again.text, "name")
    assert "kind=individual" in _input(again.text, "query")
    assert "checked" in _input(again.text, "opens")
    assert "Shared with everybody" not in again.text
    saved = _save(browser, "People", "kind=individual&sort=-name")
    number = saved.rpartition("saved=")[2]
    renamed = browser.submit(
        f"/lists/views/{number}",
        {"name": "Firms", "query": "q=ana", "as_it_stands": "true"},
        page="/customers",
    )
    assert renamed.status_code == 422
    assert "There is a view called “Firms” already" in renamed.text
    assert "q=ana" in _input(renamed.text, "query")
    assert "true" in _input(renamed.text, "as_it_stands").lower()
    nameless = browser.submit("/lists/customers/views", {"name": " ", "query": ""}, page="/customers")
    assert nameless.status_code == 422
    assert "Fill in Name" in nameless.text


@pytest.mark.both_databases
def test_a_name_in_other_letters_is_the_same_name_for_its_person_and_list_alone(
    app: App, staff: Staff
) -> None:
    browser, colleague = staff("customer_care"), staff("customer_care")
    number = _save(browser, "Órfãos", "kind=business").rpartition("saved=")[2]
    again = browser.submit("/lists/customers/views", {"name": " ÓRFÃOS ", "query": ""}, page="/customers")
    assert again.status_code == 422
    assert "There is a view called “Órfãos” already" in again.text
    assert 'aria-invalid="true"' in _input(again.text, "name")
    renamed = browser.submit(f"/lists/views/{number}", {"name": "órfãos", "query": ""}, page="/customers")
    assert renamed.status_code == 200, "its own name in other letters is no other view's"
    assert "órfãos" in _tabs(renamed.text)
    _save(colleague, "ÓRFÃOS")
    elsewhere = browser.submit("/lists/jobs/views", {"name": "ÓRFÃOS", "query": ""}, page="/customers")
    assert elsewhere.status_code == 200


def test_a_view_becomes_the_list_as_it_stands_also_when_nothing_narrows_it(app: App, staff: Staff) -> None:
    add(app, "Ana Souza")
    browser = staff("customer_care")
    number = _save(browser, "Firms", "kind=business").rpartition("saved=")[2]
    change = f"/lists/views/{number}"
    browser.submit(change, {"name": "Companies", "query": ""}, page="/customers")
    assert "kind=business" in _tab(browser.get("/customers").text, "Companies"), "renamed, not emptied"
    browser.submit(change, {"name": "Companies", "query": "", "as_it_stands": "true"}, page="/customers")
    assert _tab(browser.get("/customers").text, "Companies") == f"/customers?saved={number}"


@pytest.mark.both_databases
def test_a_shared_view_stays_in_the_house_whose_it_is(
    app: App, staff: Staff, make_client: Callable[[], Browser]
) -> None:
    def of_reseller(*roles: str) -> Browser:
        email = f"{len(people)}@example.com"
        people.append(create_user(app, email, *roles))
        with app.unit_of_work() as ctx:
            ctx.session.get_one(User, people[-1]).reseller_id = reseller
        return make_client().sign_in(email)

    people: list[int] = []
    with app.unit_of_work() as ctx:
        reseller = create_reseller(ctx, CreateReseller(code="rede-sul", name="Rede Sul")).key
    operator, colleague = staff("supervisor"), staff("customer_care")
    leader, agent = of_reseller("supervisor"), of_reseller("customer_care")
    ours = _save(operator, "Owes since Padaria Estrela", "q=padaria", shared="true")
    _save(leader, "Rede’s firms", "kind=business", shared="true")
    assert "Owes since Padaria Estrela" in _tabs(colleague.get("/customers").text)
    assert "Rede’s firms" in _tabs(agent.get("/customers").text)
    assert "Padaria" not in agent.get("/customers").text
    assert "Rede’s firms" not in _tabs(operator.get("/customers").text)
    number = ours.rpartition("saved=")[2]
    for path in (f"/lists/views/{number}", f"/lists/views/{number}/remove"):
        tried = leader.submit(path, {"name": "Taken over", "shared": "true"}, page="/customers")
        assert tried.status_code == 404
    assert "Owes since Padaria Estrela" in _tabs(colleague.get("/customers").text)


@pytest.mark.parametrize("on", ["the list", "its page"])
def test_of_two_who_rename_a_shared_view_the_second_reads_the_name_that_the_first_gave_it(
    app: App, staff: Staff, on: str
) -> None:
    first, second = staff("supervisor"), staff("supervisor")
    address = _save(first, "Firms", "kind=business", shared="true")
    view = f"/lists/views/{address.rpartition('saved=')[2]}"
    opened = second.get(address if on == "the list" else view).text
    form = opened.partition(f'action="{view}"')[2] if on == "the list" else opened
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version is not None
    first.submit(view, {"name": "Companies", "shared": "true", "version": version.group(1)}, page=view)
    told = second.submit(view, {"name": "Shops", "shared": "true", "version": version.group(1)}, page=view)
    assert told.status_code == 409
    assert "now “Companies”" in told.text
    assert 'value="Shops"' in told.text
    assert "Companies" in _tabs(second.get("/customers").text)


def _heads(page: str) -> list[str]:
    head = page.partition("<thead>")[2].partition("</thead>")[0].replace("Select every row of this page", "")
    return [
        text
        for part in re.findall(r"<th scope[^>]*>(.*?)</th>", head)
        if (text := re.sub(r"<[^>]+>", "", part).strip())
    ]


def _follow(page: str, label: str) -> str:
    """The address of the link that is called so."""
    found = re.search(rf'href="([^"]+)"[^>]* aria-label="{label}"', page)
    assert found is not None, f"no link {label}"
    return found.group(1).replace("&amp;", "&")


def test_columns_are_put_in_another_order_which_list_files_and_what_is_kept_follow(
    app: App, staff: Staff
) -> None:
    add(app, "Ana Souza")
    browser = staff("supervisor")
    listed = browser.get("/customers?sort=-name").text
    before = _heads(listed)
    opened = re.search(r'href="(/lists/customers/columns\?[^"]+)"', listed)
    assert opened is not None
    page = browser.get(opened.group(1).replace("&amp;", "&")).text
    assert f"Hide column {before[0]}" in _said_disabled(page)
    page = browser.get(_follow(page, f"Move {before[1]} up")).text
    page = browser.get(_follow(page, f"Hide column {before[2]}")).text
    shown = browser.get(_follow_words(page, "Show the list so"))
    expected = [before[1], before[0], *before[3:]]
    assert _heads(shown.text) == expected
    assert "sort=-name" in str(shown.url)
    file = browser.get(f"{shown.url.path}?{shown.url.query.decode()}&export=csv").text.lstrip("\ufeff")
    assert [one for one in file.splitlines()[0].split(",") if one in expected] == expected
    keys = dict(re.findall(r'name="(columns|back)" value="([^"]*)"', page))
    browser.submit("/lists/customers/columns", keys, page="/customers")
    assert _heads(browser.get("/customers").text) == expected
    # The customer's name stays what leads to their page.
    row = shown.text.partition("<tbody")[2].partition("</tr>")[0]
    assert re.search(r'<td class="lead[^"]*"[^>]*>.*?href="/customers/C000001"', row, re.DOTALL)


def test_no_column_is_moved_beyond_the_ends_and_the_focus_stays_on_an_arrow_that_works(
    app: App, staff: Staff
) -> None:
    browser = staff("supervisor")
    page = browser.get("/lists/customers/columns?cols=name,email,phone").text
    ends = ["Move Name up", "Move Phone down", "Hide column Name"]
    assert _said_disabled(page) == sorted(ends)
    assert _focused(page) == []
    page = browser.get(_follow(page, "Move Phone up")).text
    assert _focused(page) == ["Move Phone up"]
    page = browser.get(_follow(page, "Move Phone up")).text
    assert _focused(page) == ["Move Phone down"]
    page = browser.get(_follow(page, "Hide column Phone")).text
    assert _focused(page) == ["Show column Phone"]


def _said_disabled(page: str) -> list[str]:
    return sorted(re.findall(r'<a (?![^>]*href)[^>]*aria-disabled="true"[^>]* aria-label="([^"]+)"', page))


def _focused(page: str) -> list[str]:
    return re.findall(r'<a [^>]* aria-label="([^"]+)"[^>]* autofocus[ >]', page)


def _follow_words(page: str, words: str) -> str:
    found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>(?:<svg.*?</svg>)?{words}<', page)
    assert found is not None
    return found.group(1).replace("&amp;", "&")
