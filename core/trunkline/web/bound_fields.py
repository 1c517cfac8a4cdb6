"""Fields as a form draws them: what the schema says of each, what was typed, and what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.i18n import gettext as _
from trunkline.web.field_kinds import FieldSpec
from trunkline.web.form_input import shown_value

Choices = Sequence[tuple[Any, str]]


@dataclass
class BoundField:
    """One field as it is drawn: what the schema says, what was typed, and what is wrong with it."""

    spec: FieldSpec
    value: Any = None
    errors: list[str] = field(default_factory=list)
    choices: Choices = ()
    prefix: str = ""
    #: Of a form that is not the page's only one: its fields may be called as another's are.
    form_id: str = ""
    #: Whether something may be said beside it while the form is filled in.
    noted: bool = False

    @property
    def name(self) -> str:
        """Name of the input."""
        return self.prefix + self.spec.name

    @property
    def id(self) -> str:
        """Id of the input, which error summaries link to."""
        return "-".join(part for part in ("f", self.form_id, self.name.replace(".", "-")) if part)

    @property
    def label(self) -> str:
        """What stands above the input."""
        return self.spec.label

    @property
    def help(self) -> str:
        """What stands below it."""
        return self.spec.help

    @property
    def widget(self) -> str:
        """Which control draws it."""
        return self.spec.widget

    @property
    def required(self) -> bool:
        """Whether it must be filled in."""
        return self.spec.required

    @property
    def error(self) -> str:
        """What is wrong, empty when nothing is."""
        return " ".join(str(error) for error in self.errors)

    @property
    def described_by(self) -> str:
        """Ids of help and error, for `aria-describedby`."""
        parts = [f"{self.id}-help"] if self.help else []
        if self.errors:
            parts.append(f"{self.id}-error")
        return " ".join(parts)

    @property
    def shown(self) -> str:
        """The value as the input's text."""
        return shown_value(self.spec, self.value)

    @property
    def chosen(self) -> list[str]:
        """The values that are chosen, for inputs that offer several."""
        if self.value is None or self.value == "":
            return []
        listed = self.value if isinstance(self.value, list | tuple | set | frozenset) else [self.value]
        return [_plain(item) for item in listed]

    @property
    def checked(self) -> bool:
        """Whether a checkbox is ticked."""
        return self.value is True or str(self.value).lower() in ("1", "true", "on", "yes")

    @property
    def has_blank(self) -> bool:
        """Whether a list offers to choose none beside its choices, one of which may say so itself.

        Where one of the choices is the default, none would silently mean that one.
        """
        values = {_plain(value) for value, _label in self.choices}
        if "" in values:
            return False
        if self.chosen and not self.required and _plain(self.spec.default) in values:
            return not values.issuperset(self.chosen)
        return not self.required or not self.chosen

    @property
    def as_compared(self) -> str:
        """The value in the one form in which two of this field are compared, typed or read."""
        return str(self.checked) if self.widget == "checkbox" else self.shown

    @property
    def as_said(self) -> str:
        """The value in words: of choices their labels."""
        if self.widget == "checkbox":
            return _("Yes") if self.checked else _("No")
        labels = {_plain(value): str(label) for value, label in self.choices}
        return ", ".join(labels.get(value, value) for value in self.shown.split("\n"))

    @property
    def options(self) -> Sequence[tuple[str, str, bool]]:
        """(value, label, chosen) of every choice."""
        # One of the choices may be that there is none: “as the settings say”.
        chosen = self.chosen or [""]
        return [(_plain(value), str(label), _plain(value) in chosen) for value, label in self.choices]


@dataclass(frozen=True)
class Section:
    """Fields under one heading; the first section of a form usually has none."""

    title: str
    fields: Sequence[BoundField]


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))
