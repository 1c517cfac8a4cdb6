"""Forms made from pydantic schemas, so that pages, REST and imports share one set of rules.

A field's annotation says which control it gets; `Field(title=…, description=…, json_schema_extra={…})` says the
rest: `widget` (textarea, select, radio, password, money, date, datetime, file, lookup, checkboxes, lines, hidden,
code, color, country), `choices` ((value, label) pairs), `section`, `placeholder`, `autocomplete`, `prefix`, `suffix`, `rows`,
`href` (of a lookup), `width` (half, third, two-thirds), `currency`, `accept`, `only_when` (the values of another field with which
this one means anything, as in `{"kind": ["bundle"]}`: it is hidden with others, unless something is wrong with it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ValidationError

from trunkline.countries import country_choices
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web import form_clashes, form_opened
from trunkline.web.bound_fields import BoundField, Choices, Section
from trunkline.web.field_kinds import FieldSpec, read_specs
from trunkline.web.form_errors import message_for
from trunkline.web.form_input import flat, read_input, read_version

if TYPE_CHECKING:
    from trunkline.drafts.keeping import Offer

M = TypeVar("M", bound=BaseModel)
#: Id of a form that stands alone on its page.
_ONLY = "form"


class Form(Generic[M]):
    """A form of a schema: unbound (to show), or the result of `parse` (a command, or errors to show).

    `choices` fills or replaces the choices of fields at run time; `exclude` leaves fields out (they keep their defaults
    or come from `fixed`). `home_country` stands first among countries.
    `version` and `idempotency_key` travel as hidden fields when given or in the schema.
    """

    def __init__(
        self,
        schema: type[M],
        values: Mapping[str, Any] | BaseModel | None = None,
        errors: Mapping[str, str] | None = None,
        *,
        action: str = "",
        submit: str = "",
        cancel: str = "",
        csrf_token: str = "",
        choices: Mapping[str, Choices] | None = None,
        exclude: Sequence[str] = (),
        fixed: Mapping[str, Any] | None = None,
        version: int | None = None,
        idempotency_key: str = "",
        prefix: str = "",
        danger: bool = False,
        home_country: str = "",
        noted: Sequence[str] = (),
        answered: Mapping[str, str] | None = None,
        focus: bool = False,
        id: str = _ONLY,  # noqa: A002 — it is the element's id
    ) -> None:
        self.schema = schema
        self.action = action
        self.submit: str = submit or _("Save")
        self.cancel = cancel
        self.csrf_token = csrf_token
        self.choices = dict(choices or {})
        self.exclude = tuple(exclude)
        self.fixed = dict(fixed or {})
        self.version = version
        self.idempotency_key = idempotency_key
        self.prefix = prefix
        self.danger = danger
        self.home_country = home_country
        #: Fields beside which something may be said while they are filled in.
        self.noted = tuple(noted)
        #: Whether the cursor stands in the first field when the page opens: where filling it in is all that the page is for.
        self.focus = focus
        #: Ids of parts of the page, outside of the schema's fields, where a refusal of this name is answered.
        self.answered = dict(answered or {})
        self.id = id
        self.errors: dict[str, str] = dict(errors or {})
        self.specs = [spec for spec in read_specs(schema) if spec.name not in self.exclude]
        self.values: dict[str, Any] = flat(values)
        self._command: M | None = None
        self.submitted = False
        #: Words and address of the page where what was refused can be done.
        self.see: tuple[str, str] | None = None
        #: Somebody else saved since it was opened; sent again, it saves what was changed here over that.
        self.clashes = False
        #: What somebody else changed and nobody here did, by field: the form holds it now.
        self.taken: dict[str, str] = {}
        #: What the fields held when the form was opened, as `form_opened` writes it; kept from what was posted.
        self._opened: str | None = None
        #: What is typed is kept under this word; posted to `draft_resume`, it shows the form again. `offer`: what was left.
        self.draft = ""
        self.draft_resume = ""
        self.offer: Offer | None = None

    # -------------------------------------------------------------- reading what was posted

    def parse(self, form_data: Mapping[str, Any]) -> Self:
        """The same form, filled with what was posted: `command` when it is valid, else `errors` by field name."""
        form = self._copy()
        form.submitted = True
        read = read_input(self.specs, form_data, self.prefix)
        form.values = read.shown
        form.errors = dict(read.errors)
        for name in ("version", "idempotency_key"):
            if form_data.get(name) not in (None, ""):
                setattr(
                    form, name, read_version(form_data[name]) if name == "version" else str(form_data[name])
                )
        form._opened = str(form_data.get(form_opened.NAME, ""))
        candidate = {**read.values, **self.fixed}
        for name in ("version", "idempotency_key"):
            if name in self.schema.model_fields and getattr(form, name) not in (None, ""):
                candidate.setdefault(name, getattr(form, name))
        try:
            command = self.schema.model_validate(candidate)
        except ValidationError as refused:
            form._collect(refused)
        else:
            form._command = None if form.errors else command
        return form

    def _collect(self, refused: ValidationError) -> None:
        labels = {spec.name: spec for spec in self.specs}
        for error in refused.errors(include_url=False):
            path = [str(part) for part in error["loc"]]
            name = next(
                (
                    ".".join(path[:size])
                    for size in range(len(path), 0, -1)
                    if ".".join(path[:size]) in labels
                ),
                "",
            )
            message = message_for(error, labels.get(name))
            if name not in self.errors:
                self.errors[name] = message
            elif not name:
                self.errors[name] += f" {message}"

    def _copy(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.errors = dict(self.errors)
        twin._command = None
        return twin

    @property
    def valid(self) -> bool:
        """Whether a command was read."""
        return self._command is not None and not self.errors

    @property
    def command(self) -> M:
        """The validated schema. Raises Refused when the form is not valid; ask `valid` first."""
        return self.require()

    def require(self) -> M:
        """The validated schema. Raises Refused naming the first field at fault."""
        if self._command is not None and not self.errors:
            return self._command
        name, message = next(iter(self.errors.items()), ("", _("The form was not filled in.")))
        raise Refused(message, field=name or None)

    def refuse(self, field: str | None, message: str) -> Self:
        """Adds what an operation found wrong, beside its field when the form has it."""
        known = {spec.name for spec in self.specs} | self.answered.keys()
        name = field if field in known else ""
        text = str(message)
        self.errors[name or ""] = f"{self.errors[name or '']} {text}" if (name or "") in self.errors else text
        return self

    def clash(self, now: Mapping[str, Any]) -> Self:
        """After somebody else's change: what only they changed is taken over, what both did is said beside its field.

        `now` is what the record holds. Sent again, the form saves over that. Of a field that cannot be told to be as it was
        opened, what is written here stays.
        """
        self.clashes = True
        held = flat(now)
        opened = form_opened.read(self._opened or "")
        for bound in self.fields:
            name = bound.spec.name
            if name not in held:
                continue
            holds = replace(bound, value=held[name])
            if bound.as_compared == holds.as_compared or form_opened.same(opened, holds):
                continue
            taken = form_opened.same(opened, bound)
            said = form_clashes.told(bound, holds, taken=taken)
            if taken:
                self.values[name] = holds.value
                self.taken[name] = said
            else:
                self.refuse(name, said)
        if not self.errors and not self.taken:
            self.refuse(None, _("The fields of this form are as they were."))
        self.version = now.get("version", self.version)
        # Versions of further records that were compared (`source_version`): sent again, it was compared with what they hold now.
        for spec in self.specs:
            if spec.widget == "hidden" and spec.name.endswith("_version") and spec.name in held:
                self.values[spec.name] = held[spec.name]
        self._opened = form_opened.written(
            replace(one, value=held[one.spec.name]) for one in self.fields if one.spec.name in held
        )
        return self

    # -------------------------------------------------------------- drawing

    def __getitem__(self, name: str) -> BoundField:
        for spec in self.specs:
            if spec.name == name:
                return self._bind(spec)
        raise KeyError(name)

    def __contains__(self, name: str) -> bool:
        return any(spec.name == name for spec in self.specs)

    def _bind(self, spec: FieldSpec) -> BoundField:
        value = self.values.get(spec.name, None if self.submitted else spec.default)
        errors = [self.errors[spec.name]] if spec.name in self.errors else []
        choices = self.choices.get(spec.name, spec.choices)
        if spec.widget == "country":
            choices = choices or country_choices(self.home_country)
            spec = spec.with_widget("select")
        elif choices and spec.widget in ("text", "number"):
            spec = spec.with_widget("select")
        if self.focus and not self.submitted and spec.name == next(iter(self.specs)).name:
            spec = replace(spec, html={**spec.html, "autofocus": True})
        form_id = "" if self.id == _ONLY else self.id.removesuffix("-form")
        return BoundField(spec, value, errors, choices, self.prefix, form_id, spec.name in self.noted)

    @property
    def fields(self) -> list[BoundField]:
        """Every visible field, in the schema's order."""
        return [self._bind(spec) for spec in self.specs if spec.widget != "hidden"]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Names and values of the hidden fields, CSRF token aside."""
        pairs = [
            (bound.name, bound.shown) for bound in map(self._bind, self.specs) if bound.widget == "hidden"
        ]
        if self.version is not None:
            opened = form_opened.written(self.fields) if self._opened is None else self._opened
            pairs += [("version", str(self.version)), (form_opened.NAME, opened)]
        if self.idempotency_key:
            pairs.append(("idempotency_key", self.idempotency_key))
        return list(dict(pairs).items())

    @property
    def sections(self) -> list[Section]:
        """The fields grouped under their sections' headings, in order of appearance."""
        grouped: dict[str, list[BoundField]] = {}
        for bound in self.fields:
            grouped.setdefault(str(bound.spec.section), []).append(bound)
        return [Section(title, fields) for title, fields in grouped.items()]

    @property
    def summary(self) -> list[tuple[str, str, str]]:
        """(id of the input or empty, label, message) of every error, for the summary on top."""
        return self._listed(self.errors)

    @property
    def taken_over(self) -> list[tuple[str, str, str]]:
        """The same of what somebody else changed meanwhile and the form holds now."""
        return self._listed(self.taken)

    def _listed(self, messages: Mapping[str, str]) -> list[tuple[str, str, str]]:
        found = []
        known = {spec.name: spec for spec in self.specs}
        for name, message in messages.items():
            spec = known.get(name)
            bound = self._bind(spec) if spec else None
            place = bound.id if bound else self.answered.get(name, "")
            found.append((place, str(bound.label) if bound else "", str(message)))
        return found

    @property
    def enctype(self) -> Literal["multipart/form-data", "application/x-www-form-urlencoded"]:
        """How the browser must encode the form."""
        files = any(spec.widget == "file" for spec in self.specs)
        return "multipart/form-data" if files else "application/x-www-form-urlencoded"
