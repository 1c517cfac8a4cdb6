"""Operators word letters: tried with samples, refused where they cannot work, run in a sandbox, and taken back."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from trunkline.app import App
from trunkline.errors import Conflict, Refused
from trunkline.i18n import LANGUAGES
from trunkline.mail import operations as mail
from trunkline.mail.models import Email
from trunkline.mail.rendering import render_mail
from trunkline.mail_templates import operations, queries
from trunkline.mail_templates.schemas import WordingFields
from trunkline.testing import Browser

Staff = Callable[..., Browser]
NAME = "core/mail/invitation"
PATH = "/letters/core/invitation/pt_BR"


def word(app: App, text: str, *, subject: str = "Bem-vindo", html: str = "", name: str = NAME) -> None:
    with app.unit_of_work() as ctx:
        operations.word(ctx, name, "pt_BR", WordingFields(subject=subject, text=text, html=html))


def sent(app: App, language: str, name: str = "Ana", key: str = "k") -> str:
    with app.unit_of_work() as ctx:
        sample = {**app.mail_templates[NAME][1].sample_in(language), "name": name}
        email = mail.queue(
            ctx, template=NAME, to="ana@example.com", language=language, context=sample, key=key + language
        )
        return f"{email.subject}\n{email.text}\n{email.html}"


def test_every_letter_is_declared_with_a_sample_that_renders_in_every_language(app: App) -> None:
    files = {
        f"{folder.name.removeprefix('trunkline_').replace('trunkline', 'core')}/mail/{path.stem}"
        for folder in app.package_folders()
        for path in (folder / "templates" / "mail").glob("*.subject")
    }
    assert files == set(app.mail_templates)
    for name, (_plugin, letter) in app.mail_templates.items():
        for language in LANGUAGES:
            assert render_mail(app, name, language, letter.sample_in(language)).text


def test_the_words_an_operator_begins_with_say_what_the_letter_says(app: App) -> None:
    with app.reading() as ctx:
        for name, (_plugin, letter) in app.mail_templates.items():
            for language in LANGUAGES:
                words = queries.words_in_force(ctx, name, language)
                assert "_(" not in words.text.replace("ngettext(", "")
                sample = letter.sample_in(language)
                assert render_mail(app, name, language, sample, wording=words) == render_mail(
                    app, name, language, sample
                )


@pytest.mark.both_databases
def test_a_letter_goes_out_in_the_operators_words_in_that_language_alone(app: App) -> None:
    word(app, "Olá {{ name }}: {{ link }}", html="<p>{{ name }}</p>")
    assert sent(app, "pt_BR", "<b>Ana</b>") == (
        "Bem-vindo\nOlá <b>Ana</b>: https://bss.example.com/set-password/example\n\n<p>&lt;b&gt;Ana&lt;/b&gt;</p>"
    )
    assert "Choose a password" in sent(app, "en")
    with app.unit_of_work() as ctx:
        operations.restore(ctx, NAME, "pt_BR")
    assert "Bem-vindo" not in sent(app, "pt_BR", key="again")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("text", {"text": "{{ nobody }}"}),
        ("text", {"text": "{% if %}"}),
        ("subject", {"subject": "{{ name"}),
        ("html", {"html": "{{ ''.__class__.__mro__ }}"}),
        ("text", {"text": "{{ name.__init__.__globals__ }}"}),
        ("text", {"text": "{% for n in range(999999999) %}x{% endfor %}"}),
        ("text", {"text": "{{ cycler.__init__.__globals__.os.popen('id').read() }}"}),
        ("text", {"text": "{% include '/etc/passwd' %}"}),
        ("text", {"text": "{{ name.nothing }}"}),
        ("text", {"text": "{{ 'x' * 9999999999 }}"}),
        ("text", {"text": "{{ 9 ** 999999999 }}"}),
    ],
)
def test_words_that_cannot_work_are_refused_beside_their_field(
    app: App, field: str, words: dict[str, str]
) -> None:
    command = WordingFields.model_validate({"subject": "Hello", "text": "Hello", **words})
    with app.unit_of_work() as ctx, pytest.raises(Refused) as refused:
        operations.word(ctx, NAME, "pt_BR", command)
    assert refused.value.field == field


def test_a_subject_stays_one_line_whatever_a_name_holds(app: App) -> None:
    word(app, "Olá", subject="Olá {{ name }}")
    assert sent(app, "pt_BR", "Ana\r\nBcc: spy@example.com").startswith("Olá Ana Bcc: spy@example.com\n")


def test_staff_preview_save_and_take_back_in_the_browser(app: App, staff: Callable[..., Browser]) -> None:
    browser = staff("supervisor")
    assert "Invoice issued" in browser.get("/letters").text
    assert "{{ name }}" in browser.get(PATH).text
    fields = {"subject": "Bem-vindo, {{ name }}", "text": "Entre aqui: {{ link }}"}
    shown = browser.submit(f"{PATH}/preview", fields, page=PATH)
    assert "Bem-vindo, Ana Souza" in shown.text
    assert "Not saved yet" in shown.text
    assert "Bem-vindo" not in browser.get(PATH).text
    refused = browser.submit(PATH, {**fields, "text": "{{ wrong }}"})
    assert refused.status_code == 422
    assert "wrong" in refused.text
    assert "Bem-vindo, Ana Souza" in browser.submit(PATH, fields).text
    browser.submit(f"{PATH}/restore", page=PATH)
    assert "Bem-vindo" not in browser.get(PATH).text


def test_the_second_of_two_editors_is_told(app: App) -> None:
    word(app, "one")

    command = WordingFields(subject="two", text="two", version=1)
    with app.unit_of_work() as ctx:
        operations.word(ctx, NAME, "pt_BR", command)
    with app.unit_of_work() as ctx, pytest.raises(Conflict):
        operations.word(ctx, NAME, "pt_BR", command)


def test_the_second_of_two_who_word_a_letter_first_reads_what_the_other_wrote(
    app: App, staff: Callable[..., Browser]
) -> None:
    browser = staff("supervisor")
    assert 'name="version" value="0"' in browser.get(PATH).text
    fields = {"subject": "Bem-vindo", "text": "Entre aqui: {{ link }}", "version": "0"}
    assert browser.submit(PATH, fields).status_code == 200
    told = browser.submit(PATH, {**fields, "subject": "Olá"})
    assert told.status_code == 409
    assert "now “Bem-vindo”" in told.text
    with app.reading() as ctx:
        stored = queries.stored(ctx, NAME, "pt_BR")
        assert stored is not None
        assert stored.subject == "Bem-vindo"


def test_whoever_words_a_letter_gets_a_sample_and_reads_who_worded_it_before(app: App, staff: Staff) -> None:
    browser = staff()
    assert "Worded anew" not in browser.get(PATH).text
    browser.submit(PATH, {"subject": "Seja bem-vindo", "text": "Olá {{ name }}"})
    answer = browser.submit(f"{PATH}/sample", page=PATH)
    with app.reading() as ctx:
        (email,) = ctx.session.scalars(select(Email)).all()
    assert f"It goes to {email.recipient}" in answer.text
    assert email.recipient.startswith("administrator-")
    sample = app.mail_templates[NAME][1].sample_in("pt_BR")
    assert (email.subject, email.text.strip()) == ("Seja bem-vindo", f"Olá {sample['name']}")
    browser.submit(f"{PATH}/restore", page=PATH)
    shown = browser.get(PATH).text
    assert shown.index("Standard wording again") < shown.index("Worded anew"), "newest first"
    assert staff("customer_care").submit(f"{PATH}/sample").status_code == 403


def test_a_preview_writes_amounts_and_days_as_the_letters_language_does(staff: Staff) -> None:
    browser = staff("supervisor")
    for language, day, amount in (
        ("en", "10 Dec 2026", "R$129.90"),
        ("pt_BR", "10 de dez. de 2026", "R$ 129,90"),
        ("fr", "10 déc. 2026", "129,90 R$"),
    ):
        page = f"/letters/billing/invoice_issued/{language}"
        fields = {"subject": "{{ due_date }}", "text": "{{ total }}"}
        shown = (
            browser.submit(f"{page}/preview", fields, page=page)
            .text.replace("\xa0", " ")
            .replace("\u202f", " ")
        )
        assert day in shown, language
        assert amount in shown, language
