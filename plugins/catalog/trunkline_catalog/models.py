"""Tables of the catalogue: products and prices, orders and lines, services with suspensions and identifiers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from trunkline.clock import utc_now
from trunkline.db.base import REFERS, Record, key_field
from trunkline.db.numbers import register
from trunkline.db.partial import rows
from trunkline.db.types import BigKey, Micros, UtcDateTime
from trunkline.i18n import gettext as _
from trunkline.jobs.models import OnFailure
from trunkline_catalog.schemas import LineState, OrderState, ProductKind, ServiceKind, ServiceState

register("order", "O", label=_("Orders"))
register("service", "S", label=_("Services"))


class CatalogProduct(Record, table=True):
    """What is sold."""

    __tablename__ = "catalog_product"

    code: str = Field(max_length=40, unique=True)
    name: str = Field(max_length=120)
    description: str = Field(default="", max_length=1000)
    kind: str = Field(default=ProductKind.STANDALONE, max_length=16)
    service_kind: str = Field(default=ServiceKind.MOBILE, max_length=16)
    retired: bool = False
    needs: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    parameters: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    playbook: str = Field(default="", max_length=80)
    #: What the jobs of its orders do when a step fails.
    on_failure: str = Field(default=OnFailure.UNDO, max_length=8)
    tariff: str = Field(default="", max_length=80)
    allowances: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    #: What it costs while it is suspended: `SuspensionTerms`.
    suspension: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Of a bundle: `Member`s.
    members: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    priced_by_members: bool = False
    #: Of an add-on: codes of the products that it fits.
    fits: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    most_per_service: int = 0


class CatalogPrice(Record, table=True):
    """What a product costs from a moment on. A row that has begun is only ever closed, never changed."""

    __tablename__ = "catalog_price"
    __table_args__ = (UniqueConstraint("product_id", "effective_from"),)

    product_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("catalog_product.id", ondelete="RESTRICT"), nullable=False)
    )
    effective_from: datetime = Field(sa_type=UtcDateTime, nullable=False)
    effective_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    setup_micros: int = Field(sa_type=Micros)
    monthly_micros: int = Field(sa_type=Micros)
    currency: str = Field(max_length=3)
    set_by: str = Field(default="", max_length=200)


class CatalogService(Record, table=True):
    """One customer's instance of a product."""

    __tablename__ = "catalog_service"
    __table_args__ = (
        Index("ix_catalog_service_state", "state", "suspended", "id"),
        Index("ix_catalog_service_activated", "activated_at", "id"),
        Index("ix_catalog_service_product", "product_id", "id"),
        Index("ix_catalog_service_product_state", "product_id", "state"),
    )

    number: str = Field(max_length=20, unique=True)
    customer_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    product_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("catalog_product.id", ondelete="RESTRICT"), nullable=False)
    )
    #: The bundle that it is a part of, or the service to which it was added.
    parent_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), index=True),
    )
    #: Its price is in that of its bundle.
    covered: bool = False
    state: str = Field(default=ServiceState.DRAFT, max_length=16)
    #: Whether a suspension is in force; the reasons are rows of their own.
    suspended: bool = False
    #: The identifier people call the service by, kept for lists.
    label: str = Field(default="", max_length=200, index=True)
    #: The contract under which the customer has it.
    contract_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_contract.id", ondelete="SET NULL"), index=True),
    )
    site_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_site.id", ondelete="SET NULL"), index=True)
    )
    contact_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_contact.id", ondelete="SET NULL"), index=True)
    )
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Secret parameters, each sealed for this service.
    secret_values: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Words of the switches that are on, such as `bar`.
    switches: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CatalogServicePrice(Record, table=True):
    """What one service costs a month from a moment on, instead of what its product costs. Rows are added, and end once."""

    __tablename__ = "catalog_service_price"
    __table_args__ = (Index("ix_catalog_service_price_service", "service_id", "effective_from"),)

    service_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), nullable=False)
    )
    #: Only while it is this product.
    product_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("catalog_product.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    effective_from: datetime = Field(sa_type=UtcDateTime, nullable=False)
    #: When the service became another product, which ends the price for good; None while it counts.
    effective_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    monthly_micros: int = Field(sa_type=Micros)
    currency: str = Field(max_length=3)
    #: The contract whose indexation set it.
    contract_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_contract.id", ondelete="SET NULL"), index=True),
    )
    #: By which index (empty: as the contract says), and by how many hundredths of a per cent.
    index_name: str = Field(default="", max_length=80)
    basis_points: int = 0
    set_by: str = Field(default="", max_length=200)


class CatalogSuspension(Record, table=True):
    """One reason for which a service is (or was) suspended."""

    __tablename__ = "catalog_suspension"
    __table_args__ = (
        Index(
            "uq_catalog_suspension_open",
            "service_id",
            "reason",
            unique=True,
            info=rows("ended_at IS NULL"),
        ),
    )

    service_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    reason: str = Field(max_length=16)
    note: str = Field(default="", max_length=300)
    started_at: datetime = Field(sa_type=UtcDateTime, nullable=False)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CatalogIdentifier(SQLModel, table=True):
    """An identifier that a service has from `valid_from` until `valid_to`: one service at a time."""

    __tablename__ = "catalog_identifier"
    __table_args__ = (
        Index("ix_catalog_identifier_kind_value", "kind", "value"),
        Index("ix_catalog_identifier_value", "value"),
        Index(
            "uq_catalog_identifier_current",
            "kind",
            "value",
            unique=True,
            info=rows("valid_to IS NULL"),
        ),
    )

    id: int | None = key_field()
    service_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    kind: str = Field(max_length=40)
    value: str = Field(max_length=200)
    valid_from: datetime = Field(default_factory=utc_now, sa_type=UtcDateTime, nullable=False)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CatalogOrder(Record, table=True):
    """What a customer asked for at one time: the same of every service that is in it."""

    __tablename__ = "catalog_order"
    __table_args__ = (
        Index("ix_catalog_order_state", "state", "id"),
        # Together: many are of an action and many in a state, but few or none of them both.
        Index("ix_catalog_order_action", "action", "state", "id"),
        Index("ix_catalog_order_created", "created_at", "id"),
    )

    number: str = Field(max_length=20, unique=True)
    customer_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    #: That of all its lines.
    action: str = Field(max_length=16)
    state: str = Field(default=OrderState.IN_PROGRESS, max_length=16)
    placed_by: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=500)
    #: Scoped by customer, so that one customer's key never gives another's order.
    idempotency_key: str | None = Field(default=None, max_length=160, unique=True)


class CatalogOrderLine(Record, table=True):
    """One wish of an order, with a job of its own. `open_service_id` allows one line at work per service; one that waits for its
    date has none until then.
    """

    __tablename__ = "catalog_order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        Index("ix_catalog_order_line_state", "state", "id"),
    )

    number: str = Field(max_length=24, unique=True)
    order_id: int = Field(
        sa_column=Column(BigKey, ForeignKey("catalog_order.id", ondelete="RESTRICT"), nullable=False)
    )
    position: int
    customer_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("core_customer.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    action: str = Field(max_length=16)
    state: str = Field(default=LineState.DRAFT, max_length=16)
    product_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("catalog_product.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    service_id: int = Field(
        sa_column=Column(
            BigKey, ForeignKey("catalog_service.id", ondelete="RESTRICT"), index=True, nullable=False
        )
    )
    open_service_id: int | None = Field(
        default=None, sa_type=BigKey, unique=True, sa_column_kwargs={"info": {REFERS: "catalog_service"}}
    )
    job_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_job.id", ondelete="SET NULL"), index=True)
    )
    job_number: str = Field(default="", max_length=20)
    attempt: int = 1
    picks: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    parameters: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    #: Secret parameters, each sealed for the service; and of a change those before.
    secret_values: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    secret_values_before: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    reason: str = Field(default="", max_length=16)
    #: Of a change: which one, and for a switch `on` or `off`.
    change: str = Field(default="", max_length=40)
    turn: str = Field(default="", max_length=3)
    #: Of a change, and of what waits for its date: what the service had before, as `Previous`.
    previous: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    note: str = Field(default="", max_length=300)
    needs_network: bool = True
    #: Of an activation: the contract that was chosen; of other lines that of the service.
    contract_id: int | None = Field(
        default=None,
        sa_column=Column(BigKey, ForeignKey("core_contract.id", ondelete="SET NULL"), index=True),
    )
    site_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_site.id", ondelete="SET NULL"), index=True)
    )
    contact_id: int | None = Field(
        default=None, sa_column=Column(BigKey, ForeignKey("core_contact.id", ondelete="SET NULL"), index=True)
    )
    setup_micros: int = Field(default=0, sa_type=Micros)
    monthly_micros: int = Field(default=0, sa_type=Micros)
    currency: str = Field(default="", max_length=3)
    error: str = ""
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
