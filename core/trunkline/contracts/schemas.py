"""What goes into contracts and comes out: one source for forms, REST and other plugins."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from trunkline.contracts import words
from trunkline.contracts.models import (
    AcceptedBy,
    ContractStatus,
    DocumentKind,
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
        json_schema_extra={
            **_AMOUNT,
            "section": _("Penalty"),
            "only_when": {"penalty": ["fixed", "per_month"]},
        },
    )
    penalty_percent: Share | None = Field(
        default=None,
        title=_("Share of remaining charges"),
        description=_("Percent of what the remaining months cost."),
        json_schema_extra={
            **_THIRD,
            "suffix": "%",
            "section": _("Penalty"),
            "only_when": {"penalty": ["share"]},
        },
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
        json_schema_extra={**_THIRD, "section": _("Indexation"), "only_when": {"indexation": ["index"]}},
    )
    indexation_percent: Change | None = Field(
        default=None,
        title=_("Fixed share a year"),
        json_schema_extra={
            **_THIRD,
            "suffix": "%",
            "section": _("Indexation"),
            "only_when": {"indexation": ["fixed"]},
        },
    )
    next_indexation_on: date | None = Field(
        default=None,
        title=_("Next indexation"),
        description=_("Then every 12 months. Empty: a year after the start."),
        json_schema_extra={
            **_THIRD,
            "section": _("Indexation"),
            "only_when": {"indexation": ["index", "fixed"]},
        },
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
            {how: label for how, label in words.ACCEPTED_LABELS.items() if how not in words.ONLINE}
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


class AcceptOnFile(AcceptContract):
    """The acceptance over REST: a signed copy that was attached before stands for the scan."""

    signed_file_id: int | None = None


class AcceptWithScan(AcceptContract):
    """The form that records an acceptance."""

    scan: Any = Field(
        default=None,
        title=_("Scan of the signed paper"),
        description=_("It has to be there when it was on paper."),
        json_schema_extra={
            "widget": "file",
            "accept": ".pdf,.png,.jpg,.jpeg",
            "only_when": {"how": ["paper"]},
        },
    )


class SendContract(BaseModel):
    """Mail a contract to the customer, to be read and accepted by a link."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, text(254)] = Field(
        default="",
        title=_("E-mail"),
        description=_("Empty: the customer’s own."),
        json_schema_extra={"widget": "email"},
    )


def _has_agreed(value: bool) -> bool:
    if not value:
        raise ValueError(_("Tick that you accept it."))
    return value


OwnTaxId = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    Field(title=_("Your tax id")),
]
Agreed = Annotated[
    bool,
    AfterValidator(_has_agreed),
    Field(validate_default=True, title=_("I have read the document and accept it")),
]


class AcceptOnline(BaseModel):
    """What somebody writes who accepts a contract by its link."""

    accepted_by: Name = Field(title=_("Your name"))
    tax_id: OwnTaxId
    agreed: Agreed = False


class AcceptSignedIn(BaseModel):
    """What somebody writes who accepts a contract and is signed in."""

    tax_id: OwnTaxId
    agreed: Agreed = False


class AttachDocument(BaseModel):
    """The form that attaches a document."""

    kind: DocumentKind = Field(
        default=DocumentKind.TEXT,
        title=_("What it is"),
        description=_("Another text takes the place of the present one and has to be accepted again."),
        json_schema_extra=_choices(
            {kind: label for kind, label in words.DOCUMENT_LABELS.items() if kind != DocumentKind.REPLACED}
        ),
    )
    file: Any = Field(
        title=_("File"),
        json_schema_extra={"widget": "file", "accept": ".pdf,.docx,.odt,.txt,.png,.jpg,.jpeg"},
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
    reason: Reason = Field(
        title=_("Reason"), description=_("The customer reads it where the penalty is charged.")
    )
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


class ContractRow(BaseModel):
    """A contract in a list."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    title: str
    status: ContractStatus
    customer: str
    customer_name: str
    accepted: bool
    starts_on: date | None
    ends_on: date | None
    last_day: date | None
    renewal: Renewal
    indexation: IndexationKind
    next_indexation_on: date | None
    terminates_on: date | None


class DocumentOut(BaseModel):
    """One document of a contract."""

    model_config = ConfigDict(from_attributes=True)

    file_id: int
    kind: DocumentKind
    name: str
    size: int
    digest: str
    created_at: datetime
    uploaded_by: str


class AcceptanceOut(BaseModel):
    """That a text was accepted; `digest` and `scan_digest` are SHA-256 of the document and of the scan."""

    model_config = ConfigDict(from_attributes=True)

    accepted_by: str
    tax_id: str
    how: AcceptedBy
    reference: str
    address: str
    accepted_at: datetime
    recorded_by: str
    document_name: str
    digest: str
    terms_digest: str
    scan_digest: str


class IndexationOut(BaseModel):
    """One indexation; 450 basis points are 4.5 %."""

    model_config = ConfigDict(from_attributes=True)

    index_name: str
    basis_points: int
    effective_on: date
    indexed_at: datetime
    indexed_by: str


class WorthOut(BaseModel):
    """What a service that the contract covers is charged a month, in minor units."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    amount_minor: int
    currency: str
    service: str


class OutlookOut(BaseModel):
    """What a termination would mean. Amounts in minor units; `monthly_minor` None: nobody knows what is charged."""

    model_config = ConfigDict(from_attributes=True)

    on: date
    notice_until: date
    keeps_notice: bool
    remaining_months: int
    monthly_minor: int | None
    penalty_minor: int
    currency: str


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
    accepted: bool
    created_at: datetime
    version: int
