"""What goes into contracts and comes out: one source for forms, REST and other plugins."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from trunkline.contracts import words
from trunkline.contracts.models import (
    AcceptedBy,
    ContractStatus,
    IndexationKind,
    PenaltyKind,
    Renewal,
)
from trunkline.customers.schemas.texts import Name, text
from trunkline.i18n import gettext as _

_AMOUNT: dict[str, Any] = {"widget": "money", "width": "third"}
_THIRD: dict[str, Any] = {"width": "third"}

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(1_000_000_000), decimal_places=3)]
#: A share in percent, to the basis point.
Share = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
Change = Annotated[Decimal, Field(ge=-50, le=100, decimal_places=2)]
Months = Annotated[int, Field(ge=1, le=600)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


def _choices(labels: Any, **more: Any) -> dict[str, Any]:
    return {"choices": [[value.value, label] for value, label in labels.items()], "widget": "select", **more}


class ContractTerms(BaseModel):
    """What is agreed: when it runs, what follows, what leaving early costs and how charges are indexed."""

    model_config = ConfigDict(extra="forbid")

    title: Name = Field(title=_("Title"), description=_("Such as Internet for the office."))
    starts_on: date | None = Field(
        default=None,
        title=_("Starts on"),
        description=_("Empty: on the day on which it is accepted."),
        json_schema_extra=_THIRD,
    )
    term_months: Months | None = Field(
        default=None,
        title=_("Term in months"),
        description=_("Empty: without an end."),
        json_schema_extra=_THIRD,
    )
    renewal: Renewal = Field(
        default=Renewal.ENDS,
        title=_("When the term is over"),
        json_schema_extra=_choices(words.RENEWAL_LABELS, width="third"),
    )
    notice_days: int = Field(default=0, ge=0, le=365, title=_("Days of notice"), json_schema_extra=_THIRD)
    penalty: PenaltyKind = Field(
        default=PenaltyKind.NONE,
        title=_("Penalty for leaving early"),
        json_schema_extra=_choices(words.PENALTY_LABELS, section=_("Penalty")),
    )
    penalty_amount: Amount | None = Field(
        default=None,
        title=_("Amount of the penalty"),
        description=_("Once, or for each month that remains."),
        json_schema_extra={**_AMOUNT, "section": _("Penalty")},
    )
    penalty_percent: Share | None = Field(
        default=None,
        title=_("Share of remaining charges"),
        description=_("Percent of what the remaining months cost."),
        json_schema_extra={**_THIRD, "suffix": "%", "section": _("Penalty")},
    )
    currency: str = Field(
        default="",
        pattern="^([A-Z]{3})?$",
        title=_("Currency"),
        description=_("Empty: the operator’s."),
        json_schema_extra={**_THIRD, "section": _("Penalty")},
    )
    indexation: IndexationKind = Field(
        default=IndexationKind.NONE,
        title=_("Indexation"),
        json_schema_extra=_choices(words.INDEXATION_LABELS, section=_("Indexation")),
    )
    index_name: Annotated[str, text(40)] = Field(
        default="",
        title=_("Index"),
        description=_("Such as IPCA, IGP-M or CPI."),
        json_schema_extra={**_THIRD, "section": _("Indexation")},
    )
    indexation_percent: Change | None = Field(
        default=None,
        title=_("Fixed share a year"),
        json_schema_extra={**_THIRD, "suffix": "%", "section": _("Indexation")},
    )
    next_indexation_on: date | None = Field(
        default=None,
        title=_("Next indexation"),
        description=_("Then every 12 months. Empty: a year after the start."),
        json_schema_extra={**_THIRD, "section": _("Indexation")},
    )


class EditContract(ContractTerms):
    """Other terms for a contract. With `version`, only if nobody changed it since."""

    version: int | None = None


class AcceptContract(BaseModel):
    """That the customer accepted the text as it is now, as a colleague writes it down."""

    model_config = ConfigDict(extra="forbid")

    how: AcceptedBy = Field(
        default=AcceptedBy.PAPER,
        title=_("How"),
        json_schema_extra=_choices(
            {how: label for how, label in words.ACCEPTED_LABELS.items() if how != AcceptedBy.PORTAL}
        ),
    )
    accepted_by: Name = Field(title=_("Who accepted it"))
    tax_id: Annotated[str, text(40)] = Field(default="", title=_("Tax id of that person"))
    accepted_on: date | None = Field(
        default=None, title=_("Accepted on"), description=_("Empty: today."), json_schema_extra=_THIRD
    )
    reference: Annotated[str, text(60)] = Field(
        default="",
        title=_("Protocol number"),
        description=_("Of the call; it has to be there when it was by telephone."),
        json_schema_extra=_THIRD,
    )


class WithdrawContract(BaseModel):
    """Withdraw a contract that has not begun."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, text(500)] = Field(default="", title=_("Reason"))
    version: int | None = None


class TerminateContract(BaseModel):
    """Give notice: the last day in force, why, and whether the penalty is waived."""

    model_config = ConfigDict(extra="forbid")

    on: date | None = Field(
        default=None,
        title=_("Last day in force"),
        description=_("Empty: when the notice is over."),
    )
    reason: Reason = Field(title=_("Reason"))
    waive: bool = Field(default=False, title=_("Waive the penalty"))
    version: int | None = None


class IndexContract(BaseModel):
    """Index the charges of the services that a contract covers."""

    model_config = ConfigDict(extra="forbid")

    percent: Change | None = Field(
        default=None,
        title=_("Change of charges"),
        description=_("Percent; empty: the share that the contract fixes."),
        json_schema_extra={"suffix": "%"},
    )
    effective_on: date | None = Field(
        default=None,
        title=_("From"),
        description=_("Empty: the day on which it is due."),
    )
    version: int | None = None


class ContractOut(BaseModel):
    """A contract as REST shows it. Amounts are in minor units of `currency`, shares in basis points."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    title: str
    status: ContractStatus
    starts_on: date | None
    term_months: int | None
    renewals: int
    ends_on: date | None
    renewal: Renewal
    notice_days: int
    penalty: PenaltyKind
    penalty_minor: int
    penalty_basis_points: int
    currency: str
    indexation: IndexationKind
    index_name: str
    indexation_basis_points: int
    next_indexation_on: date | None
    terminates_on: date | None
    termination_reason: str
    termination_months: int
    termination_penalty_minor: int
    termination_waived: bool
    created_at: datetime
    version: int
