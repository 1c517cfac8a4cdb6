"""A plugin that fails, wherever it does: the rest of the page and of the system is unharmed, and the status page names it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.strangers import Strangers
from trunkline.app import App
from trunkline.clock import Clock
from trunkline.config import Config
from trunkline.customers import operations as customers
from trunkline.customers.models import CustomerKind
from trunkline.customers.schemas import RegisterCustomer
from trunkline.jobs import PlannedStep, enqueue
from trunkline.jobs.models import Job, JobState
from trunkline.jobs.sweeper import run_scheduled
from trunkline.jobs.wake import Silent
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins

_HEADER = """
from contextlib import suppress
from datetime import timedelta
from sqlalchemy import text
from trunkline.plugin import *
from trunkline.plugin import hookimpl
from trunkline.rest.routing import RestRoutes
from trunkline.web.pages import Pages

plugin = Plugin(name="{name}", label="{name}", requires={requires!r})
"""


@pytest.fixture
def code() -> str:
    """What the plugin `bad` does."""
    return ""


@pytest.fixture
def config(config: Config, strangers: Strangers, code: str) -> Config:
    """As in production: lenient, with a bad plugin and a sound one after it."""
    strangers.install("bad", code, declaration=_HEADER)
    sound = '@hookimpl\ndef slots():\n    return [Slot("home.cards", "sound", lambda page, _: "SOUND", "public")]\n'
    strangers.install("sound", sound.replace('"public"', '"core.customer.list"'), declaration=_HEADER)
    return config.model_copy(update={"plugins": ("bad", "sound"), "strict_plugins": False})


@pytest.fixture
def app(config: Config, clock: Clock) -> Iterator[App]:
    app = App.start(config, clock=clock, waker=Silent())
    yield app
    app.close()


Staff = Callable[..., Browser]


def _harmless(staff: Staff) -> tuple[Browser, str]:
    """An administrator, to whom the start page shows everything that is sound."""
    browser = staff()
    page = browser.get("/").text
    assert "SOUND" in page
    assert 'href="/customers"' in page
    assert browser.get("/customers").status_code == 200
    return browser, page


def _named(browser: Browser, *words: str) -> None:
    """The plugins page names the bad one, and its own page has the traceback."""
    overview, own = browser.get("/system/plugins").text, browser.get("/system/plugins/bad").text
    for word in words:
        assert word in overview.replace("&#39;", "'"), f"{word} is not on the plugins page"
        assert word in own.replace("&#39;", "'"), f"{word} is not on the plugin's page"
    assert "Traceback" in own or not words
    assert browser.get("/system").status_code == 200


@pytest.mark.parametrize("code", ["raise RuntimeError('no licence today')", "import nowhere_at_all"])
def test_at_import(staff: Staff, code: str) -> None:
    browser, page = _harmless(staff)
    assert "/bad" not in page
    _named(browser, "no licence today" if "licence" in code else "No module named 'nowhere_at_all'")


@pytest.mark.parametrize(
    "hook",
    ["menu", "slots", "step_kinds", "routes", "rest_routes", "search_kinds", "importers", "scheduled_tasks"],
)
@pytest.mark.parametrize("body", ["raise RuntimeError('not today')", "return 42", "return [object()]"])
def test_in_a_hook(hook: str, body: str, strangers: Strangers, config: Config) -> None:
    strangers.install("bad", f"@hookimpl\ndef {hook}():\n    {body}\n", declaration=_HEADER)
    again = App.start(config, waker=Silent())
    from trunkline.web.app import make_web

    make_web(again)
    _ = again.importers, again.search_kinds, again.scheduled_tasks, again.menu_items, again.slots
    again.close()
    assert again.loaded.order == ["bad", "sound"]
    assert ("bad", f"hook {hook}") in again.hooks.faults
    assert all(fault.plugin == "bad" for fault in again.hooks.faults.values())


SLOT = """
def _render(page, subject):
    {body}

@hookimpl
def slots():
    return [Slot("home.cards", "bad", _render, "core.customer.list", label="Bad part")]
"""


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (SLOT.format(body="raise RuntimeError('not today')"), "RuntimeError: not today"),
        (SLOT.format(body="return page.fragment('bad/none.html')"), "TemplateNotFound"),
        (SLOT.format(body="page.ctx.session.execute(text('SELECT nothing FROM nowhere'))"), "nowhere"),
    ],
)
def test_in_a_slot(staff: Staff, code: str, words: str) -> None:
    browser, page = _harmless(staff)
    assert "bad could not show this part" in page
    _named(browser, words)


_FLUSH = """
    from trunkline.access.models import Role
    with suppress(Exception):
        page.ctx.session.add(Role(name="supervisor", label="twice"))
        page.ctx.session.flush()
    return "HALF"
"""
_SWALLOW = """
    with suppress(Exception):
        page.ctx.session.execute(text("SELECT nothing FROM nowhere"))
    return "HALF"
"""


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "code", [SLOT.format(body=_FLUSH), SLOT.format(body=_SWALLOW)], ids=["flush", "select"]
)
def test_in_a_slot_that_swallows_its_sql_error(app: App, staff: Staff, code: str) -> None:
    """Whether it is shown or not, the parts after it read from the database as ever."""
    browser, page = _harmless(staff)
    if app.database.is_sqlite and "Role" not in code:
        assert "HALF" in page
    else:
        assert "bad could not show this part" in page
        _named(browser, "TransactionSpoilt")


MENU = """
def _badge(ctx):
    raise RuntimeError("cannot count")

@hookimpl
def menu():
    return [MenuItem("Bad", "/bad", "plug", "core.customer.list", badge=_badge)]
"""


@pytest.mark.parametrize("code", [MENU])
def test_in_a_badge_of_the_menu(staff: Staff, code: str) -> None:
    browser, page = _harmless(staff)
    assert 'href="/bad"' in page
    _named(browser, "cannot count")


PAGES = """
pages = Pages()

@pages.get("/bad", permission="core.customer.list")
def page(page):
    raise RuntimeError("no page today")

@pages.get("/customers/mine", permission="core.customer.list")
def foreign(page): ...

@pages.get("/bad/{x}{x}", permission="core.customer.list")
def malformed(page): ...

rest = RestRoutes("/bad", "bad")

@rest.get("/things", permission="core.customer.list")
def things(ctx, kind: "NobodyKnows"): ...

@hookimpl
def routes():
    return [pages]

@hookimpl
def rest_routes():
    return [rest]
"""


@pytest.mark.parametrize("code", [PAGES])
def test_in_pages_and_rest(staff: Staff, code: str) -> None:
    browser, _page = _harmless(staff)
    failed = browser.get("/bad?x=1")
    assert failed.status_code == 500
    assert 'href="/bad?x=1"' in failed.text
    assert browser.get("/api/v1/bad/things").status_code == 404
    _named(browser)
    assert browser.get("/api/v1/openapi.json").status_code == 200
    own = browser.get("/system/plugins/bad").text
    for words in ("/customers/mine must begin with /bad/", "page /bad/{x}{x}", "NobodyKnows"):
        assert words in own


BREAKING = """
rest = RestRoutes("/bad", "bad")

@rest.get("/now", permission="core.customer.list")
def now(ctx):
    raise RuntimeError("nothing today")

@hookimpl
def rest_routes():
    return [rest]
"""


@pytest.mark.parametrize("code", [BREAKING])
def test_in_a_rest_route_whose_answer_is_whole_and_whose_traceback_stands_under_the_requests_id(
    app: App, make_client: Callable[[], Browser], caplog: pytest.LogCaptureFixture
) -> None:
    create_user(app, "api@example.com", "administrator")
    client = make_client()
    answer = client.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    # The client raises what leaves the application: a server would cut the connection off for it.
    failed = client.get("/api/v1/bad/now", headers={"X-Request-ID": "seen-by-a-program"})
    assert failed.status_code == 500
    assert failed.headers["content-type"] == "application/problem+json"
    assert failed.json()["request_id"] == failed.headers["x-request-id"]
    assert "nothing today" not in failed.text
    (told,) = [record for record in caplog.records if record.exc_info and "REST" in record.getMessage()]
    assert failed.json()["request_id"] in told.getMessage()
    assert client.get("/api/v1/customers").status_code == 200
    astray = client.get("/api/v1/nowhere")
    assert astray.status_code == 404
    assert "/api/v1/docs" in astray.json()["detail"]


HEALTH = "@hookimpl\ndef health_checks(ctx):\n    ctx.session.execute(text('SELECT nothing FROM nowhere'))\n"


@pytest.mark.both_databases
@pytest.mark.parametrize("code", [HEALTH])
def test_in_a_health_check(staff: Staff, code: str) -> None:
    browser, _page = _harmless(staff)
    page = browser.get("/system").text
    assert "Event deliveries" in page
    _named(browser, "nowhere")


@pytest.mark.parametrize("code", ["@hookimpl\ndef menue(): ...\n"])
def test_with_a_misspelt_hook(staff: Staff, code: str) -> None:
    browser, page = _harmless(staff)
    assert "/bad" not in page
    _named(browser, "There is no hook “menue”. Did you mean “menu”?")


STEPS = """
def _crash(step):
    raise RuntimeError("no step today")

@hookimpl
def step_kinds():
    return [
        StepKind("bad.crash", "Crash", do=_crash, irreversible=True),
        StepKind("bad.crash", "Again", do=_crash, irreversible=True),
        StepKind("core.send_mail", "Stolen", do=_crash, irreversible=True),
        StepKind("bad.lasting", "Lasting", do=_crash),
    ]

@hookimpl
def scheduled_tasks():
    return [ScheduledTask("bad.never", _crash, timedelta(hours=1))]
"""


@pytest.mark.parametrize("code", [STEPS])
def test_in_step_kinds_and_steps(app: App, staff: Staff, code: str) -> None:
    browser, _page = _harmless(staff)
    _named(browser)
    own = browser.get("/system/plugins/bad").text
    for words in ("bad offers bad.crash already", "core.send_mail", "bad.lasting needs an undo"):
        assert words in own
    assert app.step_kinds["bad.crash"].label == "Crash"
    assert app.step_kinds["core.send_mail"].label != "Stolen"
    with app.unit_of_work() as ctx:
        plan = [PlannedStep("bad.crash")]
        key = enqueue(ctx, kind="bad", title="Bad", steps=plan, key="bad").key
    work_until_idle(app)
    with app.reading() as ctx:
        job = ctx.session.get_one(Job, key)
        assert job.state == JobState.ROLLED_BACK
        assert "no step today" in job.error


@pytest.mark.parametrize("code", [STEPS])
def test_in_scheduled_work(app: App, staff: Staff, code: str) -> None:
    browser, _page = _harmless(staff)
    assert run_scheduled(app) > 1
    assert "no step today" in browser.get("/system").text
    _named(browser, "no step today")


LISTENS = "@hookimpl\ndef on_customer_registered(ctx, event):\n    raise RuntimeError('deaf')\n"


@pytest.mark.parametrize("code", [LISTENS])
def test_in_an_event_hook(app: App, staff: Staff, code: str) -> None:
    browser, _page = _harmless(staff)
    with app.unit_of_work() as ctx:
        customer = customers.register(ctx, RegisterCustomer(kind=CustomerKind.INDIVIDUAL, name="Ana Prado"))
    work_until_idle(app)
    assert browser.get(f"/customers/{customer.number}").status_code == 200
    _named(browser, "RuntimeError: deaf")


def test_one_for_another_core_and_one_that_is_missing(
    config: Config, strangers: Strangers, app: App, make_client: Any
) -> None:
    strangers.install("old", core=">=0.0.1,<0.1")
    strangers.install("hen", requires=["egg"])
    strangers.install("egg", requires=["hen"])
    wanted = ("old", "hen", "egg", "ghost", "sound")
    other = App.start(config.model_copy(update={"plugins": wanted}), waker=Silent())
    from trunkline.testing import create_user
    from trunkline.web.app import make_web

    create_user(other, "chief@example.com", "administrator")
    with Browser(make_web(other), base_url="http://testserver") as browser:
        browser.sign_in("chief@example.com")
        assert "SOUND" in browser.get("/").text
        page = browser.get("/system/plugins").text
    for words in (
        "Needs trunkline&lt;0.1,&gt;=0.0.1",
        "in a circle",
        "No installed wheel offers the plugin “ghost”",
    ):
        assert words in page
    other.close()
