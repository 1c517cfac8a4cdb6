"""What goes into decisions on requests, and what REST shows of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, computed_field, model_validator

from trunkline.approvals.words import facts_of, summary_of
from trunkline.i18n import gettext as _
from trunkline.money import Money

_NOTE: Any = {"widget": "textarea", "rows": 3}


class Agree(BaseModel):
    """A second person's agreement."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = Field(
        default="", title=_("Note"), description=_("Kept in the activity log."), json_schema_extra=_NOTE
    )


class Decline(BaseModel):
    """A second person's refusal."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=1000)] = Field(
        title=_("Why not"),
        description=_("Goes to who asked, and is kept in the activity log."),
        json_schema_extra=_NOTE,
    )


class ApprovalOut(BaseModel):
    """A request as REST shows it, in the language of who asks. `amount` is a decimal text; it is null where nothing is paid."""

    number: str
    operation: str
    summary: str
    facts: list[list[str]]
    words: dict[str, Any] = Field(exclude=True)
    amount_micros: int | None = Field(exclude=True)
    currency: str
    customer: str | None
    state: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    decided_by: str
    decided_at: datetime | None
    note: str

    @model_validator(mode="before")
    @classmethod
    def _in_words(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        words = row["words"]
        return {**row, "summary": summary_of(words), "facts": facts_of(words)}

    @computed_field  # type: ignore[prop-decorator]  # mypy takes no decorated property
    @property
    def amount(self) -> str | None:
        """What is at stake."""
        return None if self.amount_micros is None else str(Money(self.amount_micros, self.currency))
