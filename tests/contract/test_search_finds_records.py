"""Every record with a page of its own is found by the search, or it is said here why not."""

from trunkline.app import App
from trunkline.web.app import page_routes

#: Pages whose address ends with a parameter and that no search leads to, each with its reason.
_NOT_FOUND = {
    "/activity/{entry_id:int}": "an entry has no name and no number; its list is searched by what it is about",
    "/branding/{brand_id:int}/pictures/{which}": "a form about a brand, which is found",
    "/catalog/orders/items/{template}": "an answer to the form of an order",
    "/contracts/{number}/documents/{file_id:int}": "the content of a document, listed with its contract, which is found",
    "/customers/guided/{name}": "a step of adding a customer, which the palette offers",
    "/customers/{number}/fields/{field}": "a form about a customer, who is found",
    "/customers/{number}/files/{file_id:int}": "the content of a file, listed with its customer",
    "/customers/{number}/merge/{other}": "a form about a customer, who is found",
    "/customers/{number}/status/{status}": "a form about a customer, who is found",
    "/customers/{number}/{tab}": "a part of a customer, who is found",
    "/jobs/{number}/steps/{seq:int}/{how}": "a form about a job, which is found",
    "/letters/{plugin}/{name}/{language}": "a form about the wording of a letter; their list is short",
    "/lists/views/{view_id:int}": "a form about a saved view, which is a tab of its list",
    "/permissions/{name}": "no record: what a plugin declares, found on the page of permissions",
    "/provisioning/playbooks/{name}/edit/{word}": "a form about a playbook, which is found",
    "/provisioning/playbooks/{name}/versions/{number:int}": "a part of a playbook, which is found",
    "/settings/numbering/{kind}": "a form about the numbers of a kind; their list is short",
    "/settings/numbering/{kind}/resellers/{reseller}": "a form about the numbers of a reseller, who is found",
    "/system/plugins/{name}": "no record: what is installed, found on the page of plugins",
    "/webhooks/{number}/deliveries/{delivery_id:int}": "a part of a webhook, which is found",
}


def _pages_of_one(app: App) -> set[str]:
    return {
        route.path
        for _plugin, route in app.part(page_routes)
        if "GET" in route.methods and route.audience == "staff" and route.path.endswith("}")
    }


def test_every_page_of_a_record_is_one_that_the_search_leads_to(app: App) -> None:
    led_to = {kind.page for kind in app.search_kinds.values()}
    led_to |= {lookup.page for _plugin, lookup in app.search_lookups.values()}
    assert _pages_of_one(app) - led_to - _NOT_FOUND.keys() == set()


def test_what_is_said_not_to_be_found_is_still_there_and_still_not_found(app: App) -> None:
    led_to = {kind.page for kind in app.search_kinds.values()}
    led_to |= {lookup.page for _plugin, lookup in app.search_lookups.values()}
    assert _NOT_FOUND.keys() - _pages_of_one(app) == set()
    assert _NOT_FOUND.keys() & led_to == set()


def test_the_pages_that_kinds_name_are_there(app: App) -> None:
    paths = {route.path for _plugin, route in app.part(page_routes) if "GET" in route.methods}
    named = {kind.page for kind in app.search_kinds.values()}
    named |= {lookup.page for _plugin, lookup in app.search_lookups.values() if lookup.page}
    assert named - paths == set()
