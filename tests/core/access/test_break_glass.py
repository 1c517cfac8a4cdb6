"""Emergency access: every permission for a while, in the open."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from tests.clock import StandingClock
from trunkline.access.roles import actor_for
from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.auth.models import User
from trunkline.mail.models import Email
from trunkline.operation import ActorKind
from trunkline.testing import Browser, create_user

#: The trunk alone, without plugins.
pytestmark = pytest.mark.plugins()
WHY = {"reason": "The HLR is down and nobody answers", "minutes": "30"}


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(datetime(2026, 10, 5, 12, tzinfo=UTC))


@pytest.fixture
def officer(app: App, make_client: Callable[[], Browser]) -> Browser:
    create_user(app, "root@example.com", "administrator")
    create_user(app, "duty@example.com", "duty_officer")
    return make_client().sign_in("duty@example.com")


def test_who_oversees_reads_of_it_on_the_start_page_for_a_week(
    officer: Browser, staff: Callable[..., Browser], clock: StandingClock
) -> None:
    auditor, said = staff("auditor"), "Emergency accesses in the last seven days"
    assert said not in auditor.get("/").text
    officer.submit("/break-glass/take", WHY)
    assert said in auditor.get("/").text
    clock.pass_time(days=8)
    assert said not in staff("supervisor").get("/").text


@pytest.mark.both_databases
def test_it_opens_everything_says_so_everywhere_and_tells_administrators(app: App, officer: Browser) -> None:
    assert officer.get("/settings").status_code == 403
    begun = officer.submit("/break-glass/take", WHY)
    assert "Emergency access until" in begun.text
    assert officer.get("/settings").status_code == 200
    assert "Emergency access until" in officer.get("/customers").text
    with app.reading() as ctx:
        sent = ctx.session.scalars(select(Email).where(col(Email.template) == "core/mail/break_glass")).one()
        assert sent.recipient == "root@example.com"
        assert "The HLR is down" in sent.text
    officer.submit("/customers/new", {"name": "Ana", "country": "BR"}, page="/customers/new?kind=individual")
    with app.reading() as ctx:
        done = select(ActivityEntry).where(col(ActivityEntry.operation) == "core.customer.create")
        assert ctx.session.scalars(done).one().details["emergency_access"] is True


def test_it_ends_by_itself(officer: Browser, clock: StandingClock) -> None:
    officer.submit("/break-glass/take", WHY)
    clock.moment += timedelta(minutes=30)
    assert officer.get("/settings").status_code == 403
    assert "Emergency access until" not in officer.get("/customers").text


def test_it_ends_by_its_button_and_by_a_supervisors(officer: Browser, staff: Callable[..., Browser]) -> None:
    officer.submit("/break-glass/take", WHY)
    officer.submit("/break-glass/end", page="/customers")
    assert officer.get("/settings").status_code == 403
    officer.submit("/break-glass/take", WHY)
    supervisor = staff("supervisor")
    assert "The HLR is down" in supervisor.get("/break-glass").text
    supervisor.submit("/break-glass/2/end", page="/break-glass")
    assert officer.get("/settings").status_code == 403


def test_who_holds_it_reads_until_when_and_ends_it_where_it_was_taken(officer: Browser) -> None:
    assert 'name="minutes"' in officer.get("/break-glass/take").text
    officer.submit("/break-glass/take", WHY)
    shown = officer.get("/break-glass/take").text.partition("<main")[2]
    assert 'name="minutes"' not in shown
    assert WHY["reason"] in shown
    assert ":30<" in shown
    officer.submit("/break-glass/end", page="/break-glass/take")
    assert 'name="minutes"' in officer.get("/break-glass/take").text


def test_it_needs_the_permission_a_reason_and_no_more_time_than_the_operator_allows(
    officer: Browser, staff: Callable[..., Browser]
) -> None:
    assert staff("supervisor").submit("/break-glass/take", WHY).status_code == 403
    assert officer.submit("/break-glass/take", WHY | {"reason": "because"}).status_code == 422
    assert officer.submit("/break-glass/take", WHY | {"minutes": "61"}).status_code == 422
    assert "hold every permission already" in staff().submit("/break-glass/take", WHY).text


def test_what_is_taken_is_not_passed_on(app: App, officer: Browser) -> None:
    """Nobody makes themselves an administrator for good out of half an hour."""
    officer.submit("/break-glass/take", WHY)
    with app.reading() as ctx:
        me = ctx.session.scalars(select(User).where(col(User.email) == "duty@example.com")).one()
        key, version = me.key, me.version
    fields = {"name": "Duty", "language": "en", "roles": ["administrator"], "version": str(version)}
    assert officer.submit(f"/users/{key}/edit", fields).status_code in (403, 422)
    answer = officer.submit(
        "/roles/duty_officer/edit", {"may_core_settings": ["core.settings.edit"], "version": "1"}
    )
    assert answer.status_code == 403
    with app.reading() as ctx:
        again = ctx.session.get_one(User, key)
        assert "core.settings.edit" not in (actor_for(ctx.session, again).permissions or frozenset())


def test_programs_of_the_person_hold_no_more_than_before(app: App, officer: Browser) -> None:
    officer.submit("/break-glass/take", WHY)
    with app.reading() as ctx:
        me = ctx.session.scalars(select(User).where(col(User.email) == "duty@example.com")).one()
        assert not actor_for(ctx.session, me, kind=ActorKind.API).may("core.settings.edit")
