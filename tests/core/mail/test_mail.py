"""Mail: queued in the transaction, sent by a job, logged for ever; against a real SMTP server."""

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlmodel import select

from tests.services.loopback import PATIENCE, free_port
from trunkline.app import App
from trunkline.config import Config, MailConfig
from trunkline.errors import Refused
from trunkline.events.models import OutboxEvent
from trunkline.jobs.models import Job
from trunkline.mail import operations
from trunkline.mail.models import Email, EmailStatus
from trunkline.mail.sending import pause
from trunkline.testing import PASSWORD, Browser, create_user, work_until_idle

pytestmark = pytest.mark.plugins()
TOKEN = "s3cr3t-t0ken-0f-the-invitation"


class Peer:
    """An SMTP server that answers as it is told and keeps what it took."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.taken: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.pop(0) if self.answers else "250 2.0.0 taken as 42"
        if answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.taken.append(email.message_from_bytes(content, policy=email.policy.SMTP))
        return answer


@pytest.fixture
def peer(config: Config) -> Iterator[Peer]:
    peer = Peer()
    controller = Controller(peer, hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE)
    controller.start()
    config.mail = MailConfig(
        host="127.0.0.1",
        port=controller.port,
        sender="Conecta Sul <no-reply@conecta.example>",
        timeout_seconds=60,
    )
    yield peer
    controller.stop()


@pytest.fixture
def templates(config: Config) -> Path:
    folder = config.template_folder / "core" / "mail"
    folder.mkdir(parents=True)
    (folder / "hello.subject").write_text("Hello {{ name }}\n")
    (folder / "hello.txt").write_text("Dear {{ name }},\nopen {{ base_url }}/x/{{ token }}\n")
    (folder / "hello.html").write_text(
        "<p>Dear {{ name }}, <a href='{{ base_url }}/x/{{ token }}'>open</a></p>"
    )
    (folder / "hello.pt_BR.subject").write_text("Olá {{ name }}\n")
    (folder / "hello.pt_BR.txt").write_text("Olá {{ name }}, abra {{ base_url }}/x/{{ token }}\n")
    return folder


def queue(
    app: App, *, key: str = "hello:1", language: str = "en", name: str = "Ana", to: str = "ana@example.com"
) -> str:
    with app.unit_of_work() as ctx:
        message = operations.queue(
            ctx,
            template="core/mail/hello",
            to=to,
            language=language,
            context={"name": name, "token": TOKEN},
            key=key,
        )
        return message.number


def stored(app: App, number: str) -> Email:
    with app.reading() as ctx:
        found = ctx.session.scalars(select(Email).where(Email.number == number)).one()
        ctx.session.expunge_all()
        return found


def test_a_message_leaves_by_smtp_once_committed(app: App, templates: Path, peer: Peer) -> None:
    number = queue(app)
    assert not peer.taken
    work_until_idle(app)
    (message,) = peer.taken
    assert message["To"] == "ana@example.com"
    assert message["From"] == "Conecta Sul <no-reply@conecta.example>"
    assert message["Subject"] == "Hello Ana"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = (part.get_content() for part in message.iter_parts())
    assert TOKEN in text
    assert TOKEN in html
    kept = stored(app, number)
    assert (kept.status, kept.transport, kept.answer) == ("sent", "smtp", "250 2.0.0 taken as 42")
    assert kept.message_id == message["Message-ID"]


def test_the_same_key_is_one_message(app: App, templates: Path, peer: Peer) -> None:
    assert queue(app) == queue(app)
    work_until_idle(app)
    assert len(peer.taken) == 1


def test_nothing_is_sent_when_the_transaction_fails(app: App, templates: Path, peer: Peer) -> None:
    with app.unit_of_work(keep=False) as ctx:
        operations.queue(
            ctx,
            template="core/mail/hello",
            to="a@example.com",
            language="en",
            context={"name": "A", "token": TOKEN},
            key="k",
        )
    work_until_idle(app)
    assert not peer.taken


def test_secrets_are_masked_in_the_log_and_sealed_in_the_row(app: App, templates: Path, peer: Peer) -> None:
    number = queue(app)
    kept = stored(app, number)
    assert TOKEN not in kept.text + kept.html
    assert operations.MASK in kept.text
    with app.database.engine.connect() as connection:
        raw = connection.exec_driver_sql("select sealed from core_email").scalar_one()
    assert TOKEN not in raw
    work_until_idle(app)
    assert stored(app, number).sealed is None
    assert TOKEN not in str(app.database.url.database and Path(app.database.url.database).read_bytes())


def test_the_language_chooses_its_template(app: App, templates: Path, peer: Peer) -> None:
    queue(app, language="pt_BR")
    work_until_idle(app)
    assert peer.taken[0]["Subject"] == "Olá Ana"
    assert peer.taken[0]["Content-Language"] == "pt-BR"


def test_a_name_cannot_add_headers_or_markup(app: App, templates: Path, peer: Peer) -> None:
    queue(app, name="Ana\r\nBcc: victim@example.com\n<b>x</b>")
    work_until_idle(app)
    (message,) = peer.taken
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Ana Bcc: victim@example.com <b>x</b>"
    assert "&lt;b&gt;" in list(message.iter_parts())[1].get_content()


@pytest.mark.parametrize("to", ["", "nobody", "a@b\nBcc: c@example.com"])
def test_a_bad_address_is_refused(app: App, templates: Path, to: str) -> None:
    with pytest.raises(Refused) as refusal:
        queue(app, to=to)
    assert refusal.value.field == "to"


def test_a_missing_template_is_refused_by_name(app: App) -> None:
    with pytest.raises(Refused, match=r"core/mail/hello\.subject"):
        queue(app)


def test_a_template_cannot_reach_into_the_system(app: App, templates: Path) -> None:
    (templates / "hello.txt").write_text("{{ name.__class__.__mro__ }}")
    with pytest.raises(Refused, match="core/mail/hello"):
        queue(app)


def test_a_temporary_refusal_is_tried_again_under_the_same_message_id(
    app: App, templates: Path, peer: Peer
) -> None:
    peer.answers = ["451 4.3.0 come back later"]
    number = queue(app)
    work_until_idle(app)
    waiting = stored(app, number)
    assert (waiting.status, waiting.tries) == ("queued", 1)
    assert "451" in waiting.answer
    _make_due(app)
    work_until_idle(app)
    sent = stored(app, number)
    assert (sent.status, sent.tries) == ("sent", 2)
    assert peer.taken[0]["Message-ID"] == waiting.message_id


def test_a_final_refusal_fails_and_a_person_can_send_it_again(
    app: App, templates: Path, peer: Peer, staff: Callable[..., Browser]
) -> None:
    peer.answers = ["550 5.1.1 no such user"]
    number = queue(app)
    work_until_idle(app)
    failed = stored(app, number)
    assert (failed.status, failed.answer) == ("failed", "The mail server refused it: 550 5.1.1 no such user")
    with app.reading() as ctx:
        assert [event.name for event in ctx.session.scalars(select(OutboxEvent))] == [
            "email.failed",
            *(["job.failed"] if _job_events(ctx) else []),
        ]
    browser = staff("supervisor")
    assert "Send again" in browser.get(f"/emails/{number}").text
    browser.submit(f"/emails/{number}/send-again", page=f"/emails/{number}")
    work_until_idle(app)
    assert stored(app, number).status == "sent"


def test_a_program_sends_again_what_a_person_could(
    app: App, templates: Path, peer: Peer, program: Callable[..., Browser]
) -> None:
    peer.answers = ["550 5.1.1 no such user"]
    number = queue(app)
    work_until_idle(app)
    assert program("auditor").post(f"/api/v1/emails/{number}/send-again").status_code == 403
    api = program("supervisor")
    answer = api.post(f"/api/v1/emails/{number}/send-again")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    work_until_idle(app)
    assert api.get(f"/api/v1/emails/{number}").json()["status"] == "sent"
    assert api.post(f"/api/v1/emails/{number}/send-again").status_code == 422


def _job_events(ctx: Any) -> bool:
    return any(event.name == "job.failed" for event in ctx.session.scalars(select(OutboxEvent)))


def test_no_server_at_all_is_tried_again(app: App, templates: Path, config: Config) -> None:
    config.mail = MailConfig(host="127.0.0.1", port=free_port())
    number = queue(app)
    work_until_idle(app)
    waiting = stored(app, number)
    assert waiting.status == "queued"
    assert "does not answer" in waiting.answer


@pytest.mark.parametrize(("policy", "status", "copies"), [("resend", "sent", 2), ("park", "parked", 1)])
def test_a_death_after_handing_over_resends_or_parks_by_policy(
    app: App,
    templates: Path,
    peer: Peer,
    config: Config,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
    status: str,
    copies: int,
) -> None:
    config.mail.unknown_fate = policy
    number = queue(app)
    # The worker dies between the server's answer and our commit.
    from trunkline.mail import transports

    real = transports.SmtpTransport.send

    def die(self: Any, message: EmailMessage) -> str:
        real(self, message)
        raise KeyboardInterrupt

    monkeypatch.setattr(transports.SmtpTransport, "send", die)
    with pytest.raises(KeyboardInterrupt):
        work_until_idle(app)
    monkeypatch.setattr(transports.SmtpTransport, "send", real)
    assert stored(app, number).status == EmailStatus.SENDING
    _make_due(app)
    work_until_idle(app)
    assert stored(app, number).status == status
    assert len(peer.taken) == copies
    assert len({message["Message-ID"] for message in peer.taken}) == 1


def test_without_a_server_mail_is_spooled_for_its_owner_only(
    app: App, templates: Path, config: Config
) -> None:
    number = queue(app)
    work_until_idle(app)
    (file,) = (config.data / "spool").glob("*.eml")
    assert file.stat().st_mode & 0o077 == 0
    assert TOKEN in file.read_text()
    assert stored(app, number).transport == "spool"


def test_the_log_lists_shows_and_downloads_without_secrets(
    app: App, templates: Path, staff: Callable[..., Browser]
) -> None:
    number = queue(app)
    work_until_idle(app)
    browser = staff("customer_care")
    assert number in browser.get("/emails?q=ana@").text
    shown = browser.get(f"/emails/{number}")
    assert "Hello Ana" in shown.text
    assert TOKEN not in shown.text
    assert "Send again" not in shown.text
    source = browser.get(f"/emails/{number}/message.eml")
    assert source.headers["content-disposition"] == f'attachment; filename="{number}.eml"'
    assert TOKEN not in source.text
    assert staff("warehouse").get("/emails").status_code == 403


def test_the_log_is_put_in_order_by_number_sender_recipient_subject_and_status(
    app: App, templates: Path, staff: Callable[..., Browser]
) -> None:
    places = ("bia@example.com", "ana@example.com", "caio@example.com")
    for place in places:
        queue(app, to=place, key=place)
    browser = staff("supervisor")

    def shown(sort: str) -> list[str]:
        listed = browser.get(f"/emails?sort={sort}").text.replace("<wbr>", "")
        return re.findall(r">(\w+@example\.com)<", listed)

    assert shown("recipient") == sorted(places)
    assert shown("-recipient") == sorted(places, reverse=True)
    assert shown("number") == list(places)
    assert sorted(shown("subject")) == sorted(shown("status")) == sorted(shown("sender")) == sorted(places)
    assert shown("-sender") == shown("sender")[::-1]
    heads = browser.get("/emails").text.partition("<thead>")[2].partition("</thead>")[0]
    assert [
        name for name in ("number", "sender", "recipient", "subject", "status") if f"sort={name}" not in heads
    ] == []


def test_the_log_has_its_columns_in_order_and_rows_are_called_by_who_gets_the_mail(
    app: App, templates: Path, staff: Callable[..., Browser]
) -> None:
    number = queue(app, to="ana@example.com")
    browser = staff("supervisor")

    def heads(listed: str) -> list[str]:
        head = listed.partition("<thead>")[2].partition("</thead>")[0]
        return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<th .*?</th>", head)][1:]

    listed = browser.get("/emails").text
    assert heads(listed) == ["#", "From", "To", "Subject", "Date", "Status"]
    assert re.search(rf'<td class="lead[^"]*"><a href="/emails/{number}">ana@', listed)
    file = browser.get("/emails?export=csv").text
    assert file.lstrip("\ufeff").splitlines()[0].split(",") == [
        "#",
        "From",
        "To",
        "Subject",
        "Date",
        "Status",
    ]
    # Whoever the mail is for cannot be hidden; what was hidden comes back where it stood.
    fewer = browser.get("/emails?cols=recipient,status").text
    assert "Hide column To" not in fewer
    assert f"cols={quote_plus('number,recipient,status')}" in fewer


def test_the_log_is_read_over_rest(app: App, templates: Path, make_client: Callable[[], Browser]) -> None:
    number = queue(app)
    work_until_idle(app)
    create_user(app, "api@example.com", "auditor")
    api = make_client()
    token = api.post("/api/v1/auth/login", json={"email": "api@example.com", "password": PASSWORD}).json()
    api.headers["Authorization"] = f"Bearer {token['access_token']}"
    (listed,) = api.get("/api/v1/emails", params={"status": "sent", "sort": "-queued_at"}).json()["items"]
    assert (listed["number"], listed["recipient"]) == (number, "ana@example.com")
    whole = api.get(f"/api/v1/emails/{number}").json()
    assert TOKEN not in whole["text"]
    assert api.get("/api/v1/emails/E00000099").status_code == 404
    assert api.get("/api/v1/search", params={"q": "ana"}).json() == {"items": []}


def test_every_status_of_a_message_is_said_in_the_readers_language(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser = staff("administrator")
    browser.submit("/profile", {"name": "Ana", "language": "es"})
    page = browser.get("/emails").text
    for status in EmailStatus:
        assert f">{status.value.capitalize()}<" not in page


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause(n).total_seconds() for n in (1, 2, 3, 20)] == [30, 60, 120, 3600]


def _make_due(app: App) -> None:
    with app.unit_of_work() as ctx:
        for job in ctx.session.scalars(select(Job)):
            job.run_at, job.lease_until = ctx.now(), None
