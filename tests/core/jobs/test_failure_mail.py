"""Who is mailed when a job fails."""

from collections.abc import Callable

import pytest
from sqlmodel import col, select

from trunkline.app import App
from trunkline.jobs import PlannedStep, StepContext, StepFailed, enqueue, failure_mail
from trunkline.jobs.models import Job, OnFailure
from trunkline.jobs.operations import roll_back
from trunkline.mail.models import Email
from trunkline.plugin import StepKind
from trunkline.testing import Browser, work_until_idle

pytestmark = [pytest.mark.plugins(), pytest.mark.both_databases]

Staff = Callable[..., Browser]


@pytest.fixture
def fail(app: App) -> Callable[..., str]:
    """Runs a job that fails and is held; returns its number."""

    def refuse(step: StepContext) -> None:
        raise StepFailed("the device answered 409")

    app.step_kinds["core.refuse"] = StepKind("core.refuse", "Apply", refuse, lambda step: None)

    def run(key: str, kind: str = "core.sample") -> str:
        with app.unit_of_work() as ctx:
            number = enqueue(
                ctx,
                kind=kind,
                title=f"Sample {key}",
                steps=[PlannedStep("core.refuse")],
                key=key,
                on_failure=OnFailure.HOLD,
            ).number
        work_until_idle(app)
        return number

    return run


def mails(app: App) -> list[tuple[str, str]]:
    with app.reading() as ctx:
        rows = ctx.session.execute(
            select(Email.recipient, Email.text)
            .where(Email.template == failure_mail.TEMPLATE)
            .order_by(col(Email.id))
        )
        return [(recipient, text) for recipient, text in rows]


def test_those_who_may_act_are_mailed_once_with_the_way_to_the_job(
    app: App, staff: Staff, fail: Callable[..., str]
) -> None:
    staff("provisioning_engineer")
    staff("customer_care")
    number = fail("one")
    ((recipient, text),) = mails(app)
    assert "provisioning_engineer" in recipient
    assert "the device answered 409" in text
    assert f"/jobs/{number}" in text
    with app.unit_of_work() as ctx:
        roll_back(ctx, number)
    work_until_idle(app)
    assert len(mails(app)) == 1


def test_everybody_chooses_for_themselves_on_their_account_page(
    app: App, staff: Staff, fail: Callable[..., str]
) -> None:
    engineer, care = staff("provisioning_engineer"), staff("customer_care")
    engineer.submit("/profile/job-mails", {"wish": "off"}, page="/profile")
    care.submit("/profile/job-mails", {"wish": "on"}, page="/profile")
    fail("one")
    assert ["customer_care" in recipient for recipient, _text in mails(app)] == [True]


def test_a_storm_of_failures_is_not_a_storm_of_mails(
    app: App, staff: Staff, fail: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_mail, "HOURLY", 2)
    staff("provisioning_engineer")
    for key in ("one", "two", "three"):
        fail(key)
    texts = [text for _recipient, text in mails(app)]
    assert ["not mailed one by one" in text for text in texts] == [False, True]


def test_a_mail_that_does_not_get_out_is_not_told_by_mail(
    app: App, staff: Staff, fail: Callable[..., str]
) -> None:
    staff("provisioning_engineer")
    fail("one", "core.mail")
    with app.reading() as ctx:
        assert ctx.session.scalars(select(Job.state)).all() == ["failed"]
    assert mails(app) == []
