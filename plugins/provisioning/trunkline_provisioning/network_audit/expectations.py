"""What the network should hold of a service: the tasks of its product's playbook, with the variables of now.

The tasks of `do.yml` say what a working service has; of a suspended one those of `suspend.yml` come over it, and of one with a
switch on those of that switch. Only the playbook's own texts are templates, run in Jinja's sandbox; values are data.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trunkline.activity.recording import MASK
from trunkline.errors import TrunklineError
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline_catalog.schemas import ServiceView
from trunkline_provisioning import elements, library, queries, versions
from trunkline_provisioning.devices.outcome import is_secret_name
from trunkline_provisioning.library import Playbook
from trunkline_provisioning.network_audit.readers import Holding, Options, Reader

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.environment import TemplateExpression
    from jinja2.sandbox import SandboxedEnvironment

_PREFIX = "trunkline.telecom."
_BLOCKS = ("block", "always")


@dataclass(frozen=True)
class Expectation:
    """What one element should hold of one service."""

    reader: Reader
    place: str
    holding: Holding
    #: How to reach the element; with secrets, so never kept.
    options: Options = field(repr=False)


@dataclass(frozen=True)
class _Task:
    reader: Reader
    options: Mapping[str, Any]
    condition: str


class _Secrets(dict[str, Any]):
    """Secrets of items, which are never read here: each that a playbook names is there, masked."""

    def __missing__(self, name: str) -> "_Masked":
        return _Masked()


class _Masked(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return MASK


def _require_known(*texts: Any) -> None:
    """Raise ValueError when one of these, by which an element is found and asked, holds a secret."""
    if any(MASK in str(text) for text in texts):
        raise ValueError(str(_("it is found by a secret, so it is not compared")))


class Expectations:
    """Reads each playbook once; `of` renders its tasks for one service. Made anew for each audit."""

    def __init__(self, ctx: Context, readers: Sequence[Reader]) -> None:
        self._app = ctx.app
        self._readers = {reader.action: reader for reader in readers}
        self._tasks: dict[tuple[str, str], list[_Task]] = {}
        self._playbooks: dict[str, Playbook | None] = {}
        place, known = queries.hlr_place(ctx), elements.variables(ctx)
        self._common = {
            "hlr": {"host": place.host, "port": place.port, "name": place.label},
            "elements": known,
        }
        # The names in every playbook that is asked are not known yet, so that each element's secrets are at hand.
        named = [f"secrets.elements.{name}" for name in known]
        self._secrets = {"elements": elements.secrets(ctx, named)}
        self._jinja = _sandbox()
        #: Each text of a playbook, compiled once: that takes far longer than rendering it for a service.
        self._texts: dict[str, Template] = {}
        self._conditions: dict[str, TemplateExpression] = {}

    def reads(self, playbook: str) -> bool:
        """Whether anything that the playbook sets up can be read back."""
        return bool(self._of_file(playbook, "do"))

    def of(self, playbook: str, service: ServiceView, variables: Mapping[str, Any]) -> list[Expectation]:
        """What the network should hold of a service. Raises ValueError in words when a task cannot be understood."""
        words = ["do", *(["suspend"] if service.suspensions else []), *service.switches]
        # What is read back is compared without secrets.
        hidden = dict.fromkeys(service.secret_names, MASK)
        known = {**variables, **self._common, "secrets": _Secrets(self._secrets, parameters=hidden)}
        merged: dict[tuple[str, str, str], Expectation] = {}
        for word in words:
            for task in self._of_file(playbook, word):
                found = self._rendered(task, known)
                if found is None:
                    continue
                where = (task.reader.action, found.place, found.holding.key)
                merged[where] = _over(merged.get(where), found)
        return list(merged.values())

    def _rendered(self, task: _Task, known: Mapping[str, Any]) -> Expectation | None:
        from jinja2 import TemplateError

        try:
            if task.condition and not self._condition(task.condition)(**known):
                return None
            options = {name: self._value(value, known) for name, value in task.options.items()}
            holding = task.reader.wanted(options)
            if holding is None:
                return None
            place = task.reader.place(options)
            _require_known(
                place, holding.key, *(text for name, text in options.items() if is_secret_name(name))
            )
            return Expectation(task.reader, place, holding, options)
        except (TemplateError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{task.reader.action}: {error}") from error

    def _value(self, value: Any, known: Mapping[str, Any]) -> Any:
        if isinstance(value, str):
            return self._text(value).render(known) if "{" in value else value
        if isinstance(value, Mapping):
            return {str(name): self._value(inner, known) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, known) for inner in value]
        return value

    def _text(self, text: str) -> "Template":
        if text not in self._texts:
            self._texts[text] = self._jinja.from_string(text)
        return self._texts[text]

    def _condition(self, condition: str) -> "TemplateExpression":
        if condition not in self._conditions:
            self._conditions[condition] = self._jinja.compile_expression(condition)
        return self._conditions[condition]

    def _of_file(self, name: str, word: str) -> list[_Task]:
        if (name, word) not in self._tasks:
            self._tasks[name, word] = list(self._read(name, word))
        return self._tasks[name, word]

    def _read(self, name: str, word: str) -> Iterator[_Task]:
        import yaml

        if name not in self._playbooks:
            try:
                self._playbooks[name] = library.find(self._app, name)
            except TrunklineError:
                self._playbooks[name] = None
        playbook = self._playbooks[name]
        if playbook is None or not playbook.has(word):
            return
        try:
            plays = yaml.safe_load(versions.files_of(playbook.folder)[f"{word}.yml"])
        except (yaml.YAMLError, ValueError):
            return
        for play in plays if isinstance(plays, list) else []:
            for part in ("pre_tasks", "tasks", "post_tasks"):
                yield from self._of_tasks(play.get(part) or [] if isinstance(play, dict) else [])

    def _of_tasks(self, tasks: Sequence[Any]) -> Iterator[_Task]:
        for task in tasks:
            if not isinstance(task, dict):
                continue
            for block in _BLOCKS:
                yield from self._of_tasks(task.get(block) or [])
            for action, reader in self._readers.items():
                arguments = task.get(action, task.get(action.removeprefix(_PREFIX)))
                if isinstance(arguments, dict):
                    kept = {option: arguments[option] for option in reader.options if option in arguments}
                    yield _Task(reader, kept, _condition(task.get("when")))


def _condition(when: Any) -> str:
    if isinstance(when, list):
        return " and ".join(f"({one})" for one in when)
    return "" if when is None else str(when)


def _over(before: Expectation | None, after: Expectation) -> Expectation:
    """A later task on the same thing says what it says anew; what it does not mention stays."""
    if before is None:
        return after
    fields = {**before.holding.fields, **after.holding.fields}
    return Expectation(after.reader, after.place, Holding(after.holding.key, fields), after.options)


def _sandbox() -> "SandboxedEnvironment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(undefined=StrictUndefined, cache_size=500)
