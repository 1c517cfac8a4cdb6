"""Forms made of schemas: what is read, what is refused in which words, and what is shown again."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, EmailStr, Field, SecretStr, field_validator, model_validator
from starlette.datastructures import FormData

from trunkline.errors import Refused
from trunkline.i18n import use_locale
from trunkline.money import Money
from trunkline.web.forms import Form


class Kind(StrEnum):
    BUSINESS = "business"
    INDIVIDUAL = "individual"


class Address(BaseModel):
    street: str = Field(title="Street")
    city: str | None = Field(None, title="City")


class Register(BaseModel):
    name: str = Field(title="Name", min_length=2, max_length=20)
    kind: Kind = Field(Kind.INDIVIDUAL, title="Kind")
    email: EmailStr | None = Field(None, title="E-mail")
    limit: int = Field(0, ge=0, title="Limit", json_schema_extra={"widget": "money"})
    share: Decimal | None = Field(None, title="Share")
    day: int = Field(10, ge=1, le=28, title="Billing day", json_schema_extra={"section": "Billing"})
    since: date | None = Field(None, title="Since")
    call: datetime | None = Field(None, title="Call")
    tags: list[Literal["gold", "risk"]] = Field([], title="Tags")
    numbers: list[str] = Field([], title="Numbers")
    news: bool = Field(False, title="News")
    note: str = Field("", title="Note", max_length=2000)

    @field_validator("name")
    @classmethod
    def _no_digits(cls, value: str) -> str:
        if any(letter.isdigit() for letter in value):
            raise ValueError("A name has no digits.")
        return value


class Secret(BaseModel):
    password: SecretStr = Field(title="Password")


class Placed(BaseModel):
    version: int
    address: Address = Field(title="Address")

    @model_validator(mode="after")
    def _not_both(self) -> "Placed":
        if self.address.city == "Nowhere":
            raise ValueError("Nowhere cannot be served.")
        return self


def _parse(schema: type[BaseModel] = Register, **fields: Any) -> Form[Any]:
    return Form(schema).parse(FormData(list(fields.items())))


def test_a_filled_form_becomes_the_schema() -> None:
    form = Form(Register).parse(
        FormData(
            [
                ("name", "  Ana  "),
                ("kind", "business"),
                ("email", "ana@example.com"),
                ("limit", "1,250.50"),
                ("since", "2026-11-21"),
                ("tags", "gold"),
                ("tags", "risk"),
                ("numbers", "5551\r\n\r\n5552 "),
                ("news", "1"),
            ]
        )
    )
    command = form.command
    assert command.name == "Ana"
    assert command.kind is Kind.BUSINESS
    assert command.limit == 1_250_500_000
    assert command.since == date(2026, 11, 21)
    assert command.tags == ["gold", "risk"]
    assert command.numbers == ["5551", "5552"]
    assert command.news is True


def test_a_list_offers_none_only_where_none_is_not_its_default_in_disguise() -> None:
    class Choosing(BaseModel):
        kind: Kind = Field(Kind.INDIVIDUAL, title="Kind")
        other: Kind | None = Field(None, title="Other")
        needed: Kind = Field(title="Needed")

    fresh = Form(Choosing)
    assert [fresh[name].has_blank for name in ("kind", "other", "needed")] == [False, True, True]
    kept = Form(Choosing, {"kind": "gone", "other": Kind.BUSINESS, "needed": Kind.BUSINESS})
    assert [kept[name].has_blank for name in ("kind", "other", "needed")] == [True, True, False]


def test_what_is_left_blank_keeps_its_default() -> None:
    command = _parse(name="Ana", email="", day="", note="").command
    assert (command.email, command.day, command.note, command.news, command.tags) == (None, 10, "", False, [])


def test_figures_are_read_the_way_the_reader_writes_them() -> None:
    with use_locale("pt_BR"):
        form = _parse(name="Ana", limit="1.250,50", share="0,5")
    assert form.command.limit == 1_250_500_000
    assert form.command.share == Decimal("0.5")
    with use_locale("en"):
        assert _parse(name="Ana", limit="1,250.50").command.limit == 1_250_500_000


def test_an_amount_is_shown_with_its_cents_and_a_share_without() -> None:
    class Price(BaseModel):
        amount: Decimal = Field(json_schema_extra={"widget": "money"})
        whole: Decimal = Field(json_schema_extra={"widget": "money"})
        share: Decimal

    with use_locale("en"):
        shown = Form(Price, Price(amount=Decimal("139.9"), whole=Decimal(150), share=Decimal("0.5")))
        assert [shown[name].shown for name in ("amount", "whole", "share")] == ["139.90", "150.00", "0.5"]


def test_a_moment_without_zone_is_meant_in_the_zone_of_display() -> None:
    with use_locale("en", "America/Sao_Paulo"):
        command = _parse(name="Ana", call="2026-11-21T14:30").command
    assert command.call == datetime(2026, 11, 21, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({}, "name", "Fill in Name."),
        ({"name": "A"}, "name", "Name: write at least 2 characters."),
        ({"name": "A" * 21}, "name", "Name: at most 20 characters; shorten it."),
        ({"name": "R2"}, "name", "A name has no digits."),
        (
            {"name": "Ana", "email": "ana"},
            "email",
            "E-mail: write an e-mail address, such as ana@example.com.",
        ),
        ({"name": "Ana", "limit": "much"}, "limit", "Limit: write an amount, such as 39.90."),
        ({"name": "Ana", "limit": "-1"}, "limit", "Limit: must be 0 or more."),
        ({"name": "Ana", "limit": "0.0000001"}, "limit", "Limit: at most six decimals."),
        ({"name": "Ana", "day": "2.5"}, "day", "Billing day: write a whole number."),
        ({"name": "Ana", "day": "29"}, "day", "Billing day: must be 28 or less."),
        ({"name": "Ana", "kind": "robot"}, "kind", "Kind: choose one of the list."),
        ({"name": "Ana", "since": "31/02/2026"}, "since", "Since: write a date, such as 2026-11-21."),
        ({"name": "Ana", "tags": "silver"}, "tags", "Tags: choose one of the list."),
    ],
)
def test_each_mistake_is_named_beside_its_field(fields: dict[str, str], field: str, message: str) -> None:
    form = Form(Register).parse(fields)
    assert not form.valid
    assert {name: str(text) for name, text in form.errors.items()} == {field: message}
    assert form[field].error == message
    assert form.summary == [(f"f-{field}", form[field].label, message)]


def test_a_refused_form_shows_what_was_typed_and_raises_when_it_is_used() -> None:
    form = _parse(name="A", limit="12,x")
    assert form["name"].shown == "A"
    assert form["limit"].shown == "12,x"
    with pytest.raises(Refused) as refused:
        form.require()
    assert refused.value.field in ("name", "limit")


def test_secrets_are_never_shown_again() -> None:
    form = _parse(Secret, password=" blank at both ends ")
    assert form.command.password.get_secret_value() == " blank at both ends "
    assert form["password"].shown == ""
    assert Form(Secret, {"password": "known"})["password"].shown == ""


def test_what_an_operation_refuses_stands_beside_its_field_or_on_top() -> None:
    form = _parse(name="Ana")
    form.refuse("email", "This address is taken.")
    form.refuse("no_such_field", "The shop is closed.")
    assert not form.valid
    assert form["email"].error == "This address is taken."
    assert ("", "", "The shop is closed.") in form.summary


def test_fields_of_a_nested_schema_are_read_and_refused_by_their_dotted_names() -> None:
    form = Form(Placed).parse({"version": "3", "address.street": "Rua A", "address.city": "Porto Alegre"})
    assert form.command == Placed(version=3, address=Address(street="Rua A", city="Porto Alegre"))
    refused = Form(Placed).parse({"version": "3", "address.city": "Nowhere"})
    assert str(refused.errors["address.street"]) == "Fill in Street."
    whole = Form(Placed).parse({"version": "3", "address.street": "Rua A", "address.city": "Nowhere"})
    assert str(whole.errors[""]) == "Nowhere cannot be served."


@pytest.mark.parametrize("tampered", ["abc", " ", "1.5", "../../etc/passwd"])
def test_a_version_that_is_none_is_of_no_row_and_breaks_nothing(tampered: str) -> None:
    form = Form(Placed).parse({"version": tampered, "address.street": "Rua A"})
    assert form.version == -1


def test_version_and_idempotency_key_travel_as_hidden_fields() -> None:
    form = Form(Placed, {"version": 7, "address": Address(street="Rua A", city=None)}, idempotency_key="k1")
    assert ("version", "7") in form.hidden
    assert ("idempotency_key", "k1") in form.hidden
    assert [field.name for field in form.fields] == ["address.street", "address.city"]
    again = form.parse({"version": "8", "idempotency_key": "k2", "address.street": ""})
    assert ("version", "8") in again.hidden
    assert ("idempotency_key", "k2") in again.hidden


def test_values_are_shown_the_way_they_are_typed() -> None:
    values = {"limit": 1_250_500_000, "since": date(2026, 11, 21), "kind": Kind.BUSINESS, "tags": ["gold"]}
    form = Form(Register, values)
    with use_locale("pt_BR"):
        assert form["limit"].shown == "1.250,50"
    assert form["since"].shown == "2026-11-21"
    assert ("business", "Business", True) in form["kind"].options
    assert form["tags"].chosen == ["gold"]


def test_choices_given_at_run_time_make_a_list() -> None:
    class Order(BaseModel):
        product: str = Field(title="Product")

    form = Form(Order, choices={"product": [("P1", "Mobile 10 GB")]})
    assert form["product"].widget == "select"
    assert form["product"].options == [("P1", "Mobile 10 GB", False)]


def test_excluded_fields_are_taken_from_the_fixed_values_only() -> None:
    form = Form(Register, exclude=["kind"], fixed={"kind": Kind.BUSINESS})
    assert "kind" not in form
    command = form.parse({"name": "Ana", "kind": "individual"}).command
    assert command.kind is Kind.BUSINESS


def test_annotations_choose_the_controls() -> None:
    widgets = {field.name: field.widget for field in Form(Register).fields}
    assert widgets == {
        "name": "text",
        "kind": "select",
        "email": "email",
        "limit": "money",
        "share": "number",
        "day": "number",
        "since": "date",
        "call": "datetime",
        "tags": "checkboxes",
        "numbers": "lines",
        "news": "checkbox",
        "note": "textarea",
    }
    assert [section.title for section in Form(Register).sections] == ["", "Billing"]
    assert Form(Register)["name"].spec.html["maxlength"] == 20


def test_a_money_field_of_money_takes_its_currency() -> None:
    class Pay(BaseModel):
        amount: Money = Field(title="Amount", json_schema_extra={"widget": "money", "currency": "BRL"})

    assert Form(Pay).parse({"amount": "R$ 39.90"}).command.amount == Money(39_900_000, "BRL")


def test_messages_speak_the_readers_language_when_they_are_shown(tmp_path: Any) -> None:
    from trunkline import i18n

    folder = tmp_path / "pt_BR" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Fill in {label}."\nmsgstr "Preencha {label}."\n',
        "utf-8",
    )
    i18n.install(i18n.I18n([tmp_path]))
    try:
        form = _parse()
        assert form["name"].error == "Fill in Name."
        with use_locale("pt_BR"):
            assert form["name"].error == "Preencha Name."
    finally:
        i18n.install(i18n.I18n())


def test_a_sections_heading_is_in_the_language_of_who_reads_it_and_not_of_the_first_reader(
    tmp_path: Any,
) -> None:
    from trunkline import i18n

    folder = tmp_path / "pt_BR" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Address"\nmsgstr "Endereço"\n\n'
        'msgctxt "verb"\nmsgid "Open"\nmsgstr "Abrir"\n\nmsgid "Open"\nmsgstr "Em aberto"\n',
        "utf-8",
    )

    class Site(BaseModel):
        address: Address = Field(title=i18n.gettext("Address"))
        state: str = Field(title=i18n.gettext("Open"), json_schema_extra={"section": i18n.gettext("Address")})
        go: bool = Field(False, title=i18n.pgettext("verb", "Open"))

    i18n.install(i18n.I18n([tmp_path]))
    try:
        with use_locale("pt_BR"):
            assert "Endereço" in [section.title for section in Form(Site).sections]
            assert [str(Form(Site)[name].label) for name in ("state", "go")] == ["Em aberto", "Abrir"]
        assert "Address" in [section.title for section in Form(Site).sections]
    finally:
        i18n.install(i18n.I18n())


def test_who_saves_second_reads_what_differs_by_its_name_and_saves_over_it() -> None:
    form = Form(Register, {"name": "Ana", "kind": "individual"}, version=1)
    form = form.parse({"version": "1", "name": "Ana Clara", "kind": "business"})
    form.clash({"name": "Ana Maria", "kind": "individual", "version": 2})
    assert form["name"].error == "Name: now “Ana Maria”."
    assert "individual" in form["kind"].error.lower()
    assert form.version == 2
    assert form.values["name"] == "Ana Clara"


def test_who_saves_second_is_told_only_of_fields_that_differ() -> None:
    class Plan(BaseModel):
        minutes: int = Field(0, title="Minutes")
        active: bool = Field(False, title="Active")
        note: str = Field("", title="Note")
        places: list[str] = Field(default=[], title="Places", json_schema_extra={"widget": "lines"})

    form = Form(Plan, {}, version=1).parse(
        {"version": "1", "minutes": "0", "note": "mine", "places": "a\r\nb", "active": "1"}
    )
    form.clash({"minutes": 0, "active": False, "note": "", "places": ["a", "b"], "version": 2})
    assert form.errors == {"note": "Note: now “–”.", "active": "Active: now “No”."}


def _as_posted(form: Form[Register], **typed: str) -> dict[str, str]:
    """What a browser sends of this form when these fields were changed."""
    shown = {bound.name: bound.shown for bound in form.fields if bound.widget != "checkbox"}
    return {**shown, **dict(form.hidden), **typed}


def test_of_two_who_edit_one_record_each_saves_only_what_they_changed() -> None:
    opened = Form(Register, {"name": "Ana", "kind": "individual"}, version=1)
    form = opened.parse(_as_posted(opened, kind="business"))
    form.clash({"name": "Ana Maria", "kind": "individual", "version": 2})
    assert form.errors == {}
    assert form.taken == {"name": "Name: now “Ana Maria”."}
    again = form.parse(_as_posted(form))
    assert (again.version, again.command.name, again.command.kind) == (2, "Ana Maria", "business")


def test_a_field_that_both_changed_is_for_the_second_to_decide_and_a_third_change_is_noticed() -> None:
    opened = Form(Register, {"name": "Ana", "kind": "individual"}, version=1)
    form = opened.parse(_as_posted(opened, name="Ana Clara"))
    form.clash({"name": "Ana Maria", "kind": "individual", "version": 2})
    assert (form.errors, form.taken) == ({"name": "Name: now “Ana Maria”."}, {})
    again = form.parse(_as_posted(form))
    again.clash({"name": "Ana Maria", "kind": "business", "version": 3})
    assert again.errors == {}
    assert list(again.taken) == ["kind"]
    assert again.values["name"] == "Ana Clara"


def test_what_is_not_written_as_expected_is_told_how_by_an_example() -> None:
    class Place(BaseModel):
        tiles: str = Field(
            "", title="Map tiles", pattern="^https://", examples=["https://tiles.example/{z}.png"]
        )
        code: str = Field("", title="Code", pattern="^[a-z]+$")

    form = Form(Place).parse({"tiles": "nowhere", "code": "A1"})
    assert form.errors["tiles"] == "Map tiles: write it like https://tiles.example/{z}.png."
    assert form.errors["code"] == "Code is not written the expected way."
