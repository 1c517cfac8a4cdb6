"""What a playbook says of itself in `schema.yml`: what its files read and hand over, what a death does to a step, when
something looks whether it was done, and which of them check mode is not for.

    inputs:
      picks.sim.imsi: {type: text, pattern: "[0-9]{6,15}"}
    outputs:
      do:
        imsi: {type: text, identifier: imsi}
    policy:
      do: verify
    verify:
      do: after_death
    check_mode:
      do: false

Inputs are looked at when an order is planned, outputs when the file has been run: what is missing or of another type fails the
step before a later one relies on it. A playbook without the file declares nothing.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from trunkline.i18n import gettext as _
from trunkline.plugin import Policy
from trunkline_provisioning.devices.order import MESSAGES

if TYPE_CHECKING:
    from yaml.nodes import Node

#: The file, and its word where files are called by words.
WORD, FILE = "schema", "schema.yml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Path = Annotated[
    str,
    StringConstraints(
        pattern=r"^(customer|service|product|line|picks|parameters|previous|elements|hlr|secrets)(\.[a-z][a-z0-9_]*)+$"
    ),
]


class ValueType(StrEnum):
    """What a value is. A whole number is a number too."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    YES_NO = "yes_no"
    #: An IP address, version 4 or 6, as text.
    ADDRESS = "address"
    LIST = "list"
    MAPPING = "mapping"


_WORDS = {
    ValueType.TEXT: _("a text"),
    ValueType.INTEGER: _("a whole number"),
    ValueType.NUMBER: _("a number"),
    ValueType.YES_NO: _("yes or no"),
    ValueType.ADDRESS: _("an IP address"),
    ValueType.LIST: _("a list"),
    ValueType.MAPPING: _("a mapping"),
}


class Look(StrEnum):
    """When the file that looks whether another one was done is run."""

    #: Right after it.
    EACH_TIME = "each_time"
    #: Only when a worker died in it; else what the far end answered stands.
    AFTER_DEATH = "after_death"


class Value(BaseModel):
    """One declared input or output."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ValueType = ValueType.TEXT
    label: str = Field(default="", max_length=120)
    required: bool = True
    choices: tuple[str | int, ...] = ()
    #: Of a text: a regular expression for the whole of it.
    pattern: str = Field(default="", max_length=300)
    #: It is sealed, and read as a secret only.
    secret: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.pattern and self.type is not ValueType.TEXT:
            raise ValueError("only a text has a pattern")
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"the pattern is no regular expression: {error}") from None
        if self.secret and self.type is not ValueType.TEXT:
            raise ValueError("a secret is a text")
        return self

    def fault_of(self, value: Any) -> str:
        """What is wrong with a value, without quoting it, as the end of a sentence; empty when it is as declared."""
        if not _IS[self.type](value):
            wanted = _WORDS[self.type]
            if self.type is ValueType.ADDRESS and isinstance(value, str) and value:
                return _("must be {wanted}", wanted=wanted)
            return _("must be {wanted}, not {found}", wanted=wanted, found=_kind_of(value))
        if self.choices and value not in self.choices:
            return _("must be one of {choices}", choices=", ".join(map(str, self.choices)))
        if self.pattern and not re.fullmatch(self.pattern, value):
            return _("does not match the pattern {pattern}", pattern=self.pattern)
        return ""


class Output(Value):
    """What a file hands over by `set_stats`. With `identifier` it identifies the service from then on, under that word."""

    identifier: Name | None = None

    @model_validator(mode="after")
    def _identifies(self) -> Self:
        if self.identifier and (self.secret or self.type not in (ValueType.TEXT, ValueType.ADDRESS)):
            raise ValueError("what identifies a service is a text or an address, and no secret")
        return self


class Declaration(BaseModel):
    """All that a playbook declares. Outputs, policies, looks and check mode stand under the word of their file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inputs: dict[Path, Value] = {}
    outputs: dict[Name, dict[Name, Output]] = {}
    policy: dict[Name, Policy] = {}
    verify: dict[Name, Look] = {}
    #: Whether a file can be looked at in check mode; without a word, yes.
    check_mode: dict[Name, bool] = {}

    @model_validator(mode="after")
    def _leaves_messages_alone(self) -> Self:
        if any(MESSAGES in names for names in self.outputs.values()):
            raise ValueError(f"{MESSAGES} belongs to the actions mail and notify")
        return self


class Unreadable(ValueError):
    """A declaration that cannot be read; `line` counts from 1, 0 when it is the file as a whole."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


def verify_of(word: str) -> str:
    """The file that looks whether another one was done: `verify` for `do`, `verify_suspend` for `suspend`."""
    return "verify" if word == "do" else f"verify_{word}"


def looks(word: str) -> bool:
    """Whether a file of that word only looks."""
    return word == "verify" or word.startswith("verify_")


@lru_cache(maxsize=256)
def declaration(text: str) -> Declaration:
    """What the text of a `schema.yml` declares; an empty one declares nothing. Raises Unreadable."""
    import yaml

    try:
        found, root = yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise Unreadable(line, " ".join(filter(None, (error.context, error.problem)))) from None
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(0, str(error)) from None
    try:
        return Declaration.model_validate(found or {})
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        place = [str(part) for part in fault["loc"] if part != "[key]"]
        words = fault["msg"].removeprefix("Value error, ")
        raise Unreadable(line_of(root, place), f"{'.'.join(place) or FILE}: {words}") from None


def declared_in(files: Mapping[str, str]) -> Declaration:
    """What the files of a playbook, texts by name, declare. Raises Unreadable."""
    return declaration(files.get(FILE, ""))


def line_of(root: "Node | None", place: list[str]) -> int:
    """The line of the deepest of nested names that a document has, from 1; 0 for none."""
    line, node = 0, root
    for name in place:
        entries = getattr(node, "value", None)
        if not isinstance(entries, list):
            break
        pair = next((one for one in entries if isinstance(one, tuple) and str(one[0].value) == name), None)
        if pair is None:
            break
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def contradictions(text: str, words: set[str]) -> list[tuple[int, str]]:
    """Lines of a readable declaration that speak of files which the playbook with these `words` does not have."""
    import yaml

    declared, root = declaration(text), yaml.compose(text, Loader=yaml.SafeLoader)
    found = []
    parts: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("outputs", declared.outputs),
        ("policy", declared.policy),
        ("verify", declared.verify),
        ("check_mode", declared.check_mode),
    )
    for part, names in parts:
        for word in names:
            if word not in words or looks(word):
                message = _("There is no {file} that could be declared here.", file=f"{word}.yml")
                found.append((line_of(root, [part, word]), str(message)))
    for word, policy in declared.policy.items():
        if policy is Policy.VERIFY and word in words and verify_of(word) not in words:
            message = _("After a death {file} would look, which is not there.", file=f"{verify_of(word)}.yml")
            found.append((line_of(root, ["policy", word]), str(message)))
    for word, look in declared.verify.items():
        if word in words and not looks(word) and (why := _never_looks(declared, word, look, words)):
            found.append((line_of(root, ["verify", word]), why))
    return found


def _never_looks(declared: Declaration, word: str, look: Look, words: set[str]) -> str:
    """Why nothing would ever look as is declared; empty when something would."""
    file = f"{verify_of(word)}.yml"
    if verify_of(word) not in words:
        return str(_("There is no {file} that could look.", file=file))
    if look is Look.AFTER_DEATH and declared.policy.get(word) is not Policy.VERIFY:
        return str(
            _("{file} would never look: after a death it does only with the policy verify.", file=file)
        )
    return ""


def _is_address(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ipaddress.ip_address(value))
    except ValueError:
        return False


_IS: Mapping[ValueType, Callable[[Any], bool]] = {
    ValueType.TEXT: lambda value: isinstance(value, str) and value != "",
    ValueType.INTEGER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    ValueType.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    ValueType.YES_NO: lambda value: isinstance(value, bool),
    ValueType.ADDRESS: _is_address,
    ValueType.LIST: lambda value: isinstance(value, list | tuple),
    ValueType.MAPPING: lambda value: isinstance(value, Mapping),
}


def _kind_of(value: Any) -> str:
    if value is None or value == "":
        return _("empty")
    # A boolean is an integer to Python.
    kinds = (
        (bool, ValueType.YES_NO),
        (int, ValueType.INTEGER),
        (float, ValueType.NUMBER),
        (str, ValueType.TEXT),
        (Mapping, ValueType.MAPPING),
    )
    return _WORDS[next((words for kind, words in kinds if isinstance(value, kind)), ValueType.LIST)]
