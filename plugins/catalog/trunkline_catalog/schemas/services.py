"""Services: what a customer has of a product."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from trunkline.i18n import gettext as _
from trunkline_catalog.schemas.products import ProductKind, ServiceKind
from trunkline_catalog.schemas.suspensions import SuspensionReason


class ServiceState(StrEnum):
    """The life of a service. Suspensions stand beside it."""

    DRAFT = "draft"
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    TERMINATING = "terminating"
    TERMINATED = "terminated"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RecordExistingService(BaseModel):
    """A service that was sold elsewhere and works already: no job, no charge, activated in the past."""

    customer_number: str
    product_code: str
    activated_at: datetime
    picks: dict[str, str | None] = Field(default_factory=dict)
    parameters: dict[str, Any] = Field(default_factory=dict)
    site_id: int | None = None
    contact_id: int | None = None
    #: Number of the bundle's service that it is a part of, or of the service to which it was added.
    parent_service: str = Field(default="", max_length=20)


class TerminateService(BaseModel):
    """End a service for good; its number and SIM go to quarantine."""

    note: str = Field(default="", max_length=300, title=_("Reason"))
    #: Nothing is done before that moment.
    start_after: AwareDatetime | None = Field(
        default=None, title=_("Not before"), description=_("Empty begins at once.")
    )


class ServiceView(BaseModel):
    """One customer's instance of a product."""

    model_config = ConfigDict(frozen=True)

    id: int
    number: str
    customer_id: int
    product_code: str
    product_name: str
    product_kind: ProductKind = ProductKind.STANDALONE
    service_kind: ServiceKind = ServiceKind.MOBILE
    #: The bundle that it is a part of, or the service to which it was added.
    parent_id: int | None = None
    parent_number: str = ""
    #: Its price is in that of its bundle.
    covered: bool = False
    state: ServiceState
    #: Reasons in force now; empty when the service works.
    suspensions: tuple[SuspensionReason, ...] = ()
    #: What identifies it now (while it lives): msisdn, imsi, iccid, …
    identifiers: dict[str, str] = Field(default_factory=dict)
    #: Key and number of the contract under which the customer has it, or had it: then `contract_ended_on` is its last day.
    contract_id: int | None = None
    contract: str = ""
    contract_ended_on: date | None = None
    site_id: int | None = None
    contact_id: int | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    #: Names of its secret parameters; their values are for playbooks alone.
    secret_names: tuple[str, ...] = ()
    #: Words of the switches that are on, such as `bar`.
    switches: tuple[str, ...] = ()
    activated_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = 1

    @property
    def shown_state(self) -> str:
        """The state in the word people expect: an active service with a reason is suspended."""
        return "suspended" if self.state is ServiceState.ACTIVE and self.suspensions else self.state.value
