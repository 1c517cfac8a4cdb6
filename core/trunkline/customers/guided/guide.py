"""Where somebody is in adding a customer step by step: the steps there are for them, and what each holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import ImmutableMultiDict

from trunkline.customers.alike import NOTED
from trunkline.customers.guided.kept import Kept, values
from trunkline.customers.guided.steps import Asked, CustomerStep
from trunkline.errors import NotFound
from trunkline.i18n import gettext as _
from trunkline.web.bound_fields import BoundField
from trunkline.web.forms import Form
from trunkline.web.pages import Page

BASE = "/customers/guided"
#: Sent with a step, and nothing of what it asks.
_OURS = frozenset({"csrf_token", "go", "seen", "idempotency_key"})
_MAY_BE_ABSENT = ("checkbox", "checkboxes", "radio", "file")


@dataclass
class Stage:
    """One step as it stands; nobody has come to it while it is not `seen`."""

    step: CustomerStep
    form: Form[Any]
    seen: bool

    @property
    def path(self) -> str:
        return f"{BASE}/{self.step.name}"

    @property
    def said(self) -> list[tuple[str, str]]:
        """What was filled in, in words."""
        return [(_label(one), one.as_said) for one in self.form.fields if one.shown not in ("", None)]


class Guide:
    """The steps for this person, with what they typed before."""

    def __init__(self, page: Page, kept: Kept | None = None) -> None:
        self.page, self.kept = page, kept or Kept(page.ctx)
        self.stages: list[Stage] = []
        self._answers: dict[str, BaseModel] = {}
        for step in page.app.customer_steps:
            if page.can(step.permission):
                self._add(step)

    def _add(self, step: CustomerStep) -> None:
        typed = self.kept.of(step.name)
        asked = step.asks(self.page.ctx, dict(self._answers), values(typed))
        if asked is None:
            return
        form = self._form(asked)
        if typed is not None:
            form = form.parse(typed)
            if form.valid:
                self._answers[step.name] = form.command
        self.stages.append(Stage(step, form, typed is not None))

    def _form(self, asked: Asked) -> Form[Any]:
        return self.page.form(
            asked.schema,
            asked.values,
            choices=asked.choices,
            submit=str(_("Continue")),
            cancel="/customers",
            focus=True,
            home_country=self.page.app.config.country,
            noted=NOTED,
            answered={"despite": "alike"},
        )

    def at(self, name: str) -> Stage:
        """One step. Raises NotFound for one that there is not, or not for this person."""
        for stage in self.stages:
            if stage.step.name == name:
                return stage
        raise NotFound(_("There is no such step."), remedy=_("Begin with the customer."))

    def take(self, stage: Stage, posted: Any) -> bool:
        """Read what was sent into a step. False when its page asked something else than the answers in it ask for now."""
        fields = [(name, str(value)) for name, value in posted.multi_items() if name not in _OURS]
        self.kept.put(stage.step.name, fields)
        typed: ImmutableMultiDict[str, str] = ImmutableMultiDict(fields)
        asked = stage.step.asks(self.page.ctx, self.before(stage), values(typed))
        if asked is None:
            return False
        stage.form, stage.seen = self._form(asked).parse(typed), True
        if stage.form.valid:
            self._answers[stage.step.name] = stage.form.command
        names = {name for name, _value in fields}
        return all(
            one.name in names or one.spec.many or one.widget in _MAY_BE_ABSENT for one in stage.form.fields
        )

    def before(self, stage: Stage) -> Mapping[str, BaseModel]:
        """The valid answers of the steps before."""
        earlier = self.stages[: self.stages.index(stage)]
        return {one.step.name: one.form.command for one in earlier if one.form.valid}

    def missing(self, until: Stage | None = None) -> Stage | None:
        """The first step that nobody has come to or that holds something wrong, `until` one."""
        for stage in self.stages:
            if not stage.seen or not stage.form.valid:
                return stage
            if stage is until:
                return None
        return None

    def answers(self, until: Stage | None = None) -> list[tuple[CustomerStep, BaseModel]]:
        """What is to be done, as far as `until`; every step so far holds something valid."""
        stages = self.stages if until is None else self.stages[: self.stages.index(until) + 1]
        return [(stage.step, stage.form.command) for stage in stages]

    @property
    def as_of(self) -> str:
        """When it was filled in last; empty when nothing is kept."""
        saved_at = self.kept.saved_at
        return "" if saved_at is None else saved_at.isoformat()

    @property
    def despite(self) -> list[str]:
        """The customers whom the clerk said it is not."""
        typed = self.kept.of(self.stages[0].step.name)
        return [] if typed is None else typed.getlist("despite")

    def next(self, stage: Stage) -> str:
        """Where one goes from a step: to the next, or the overview. What a step asks may have brought or taken others."""
        names = [one.step.name for one in Guide(self.page, self.kept).stages]
        place = names.index(stage.step.name) + 1
        return f"{BASE}/{names[place]}" if place < len(names) else f"{BASE}/overview"

    def previous(self, stage: Stage) -> str:
        """Where one came from; nowhere from the first."""
        place = self.stages.index(stage)
        return self.stages[place - 1].path if place else ""

    def save(self, resume: str) -> None:
        """Keep what was filled in. The page itself only reads."""
        with self.page.app.unit_of_work(self.page.actor) as ctx:
            self.kept.save(ctx, resume)

    @property
    def road(self) -> list[tuple[str, str]]:
        """The steps as they are shown, each a way back to it."""
        return [(str(one.step.label), one.path) for one in self.stages] + [
            (str(_("Overview")), f"{BASE}/overview")
        ]


def _label(field: BoundField) -> str:
    section = str(field.spec.section)
    return f"{section}: {field.label}" if section and "." in field.spec.name else str(field.label)
