"""The hourly question to the directory: who is gone or disabled there is signed out here."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from tests.plugins.ldap.test_signing_in import HERE, person, refusal
from tests.services.openldap import BASE, SECRET, OpenLdap
from trunkline.app import App
from trunkline.auth import sessions, sign_in
from trunkline.auth.models import User
from trunkline.jobs.models import Job, JobEvent
from trunkline.testing import PASSWORD, create_user, work_until_idle
from trunkline_ldap import reviewing

pytestmark = [pytest.mark.plugins("ldap"), pytest.mark.peer("slapd")]


def signed_in(app: App, name: str, secret: str = SECRET) -> str:
    return sign_in.open_session(app, sign_in.prove(app, name, secret, HERE), HERE)


def works(app: App, token: str) -> bool:
    with app.reading() as ctx:
        return sessions.find(ctx.session, token, app.clock()) is not None


def review(app: App) -> list[str]:
    """Do what the worker does each hour; returns what the job's log says."""
    with app.unit_of_work() as ctx:
        ctx.session.execute(update(Job).values(unique_key=col(Job.number)))
        reviewing.plan(ctx)
    work_until_idle(app)
    with app.reading() as ctx:
        return list(ctx.session.scalars(select(col(JobEvent.text)).order_by(col(JobEvent.id))))


def test_whoever_is_disabled_there_is_signed_out_here_and_comes_back_with_the_directory(
    app: App, set_up: Callable[..., None], directory: OpenLdap
) -> None:
    set_up()
    ana, bruno = signed_in(app, "ana"), signed_in(app, "bruno")
    create_user(app, "boss@example.com", "administrator")
    boss = signed_in(app, "boss@example.com", PASSWORD)
    directory.change(f"uid=ana,ou=people,{BASE}\nuserAccountControl: 514")
    try:
        log = review(app)
        assert (works(app, ana), works(app, bruno), works(app, boss)) == (False, True, True)
        assert any("ana@example.com: is disabled in the directory" in line for line in log)
        assert not person(app, "ana@example.com").is_active
        assert refusal(app, "ana") == "This account is disabled."
    finally:
        directory.change(f"uid=ana,ou=people,{BASE}\nuserAccountControl: 512")
    assert works(app, signed_in(app, "ana"))


def test_whoever_lost_their_groups_or_is_gone_is_signed_out(app: App, set_up: Callable[..., None]) -> None:
    set_up()
    ana, bruno = signed_in(app, "ana"), signed_in(app, "bruno")
    set_up(role_map="cashier: books")
    with app.unit_of_work() as ctx:
        gone = ctx.session.get_one(User, person(app, "ana@example.com").key)
        gone.external_id = "00000000-0000-1000-8000-000000000000"
    log = " ".join(review(app))
    assert not works(app, ana)
    assert not works(app, bruno)
    assert "ana@example.com: is not in the directory any more" in log
    assert "bruno@example.com: is in no group that has a role here" in log


def test_while_the_directory_is_down_nobody_is_signed_out(
    app: App, set_up: Callable[..., None], directory: OpenLdap
) -> None:
    set_up()
    ana = signed_in(app, "ana")
    directory.stop()
    try:
        log = review(app)
    finally:
        directory.start()
    assert works(app, ana)
    assert any("does not answer" in line for line in log)
