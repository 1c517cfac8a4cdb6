"""What changes products, orders and services."""

from trunkline_catalog.operations.contracts import set_contract
from trunkline_catalog.operations.existing import record_existing_service, record_existing_services
from trunkline_catalog.operations.orders import place_order
from trunkline_catalog.operations.placed_lines import (
    cancel_order_line,
    reschedule_order,
    reschedule_order_line,
    retry_order_line,
)
from trunkline_catalog.operations.products import (
    create_product,
    reinstate_product,
    retire_product,
    set_price,
    update_product,
    withdraw_price,
)
from trunkline_catalog.operations.services import (
    change_service,
    record_switch,
    resume_service,
    suspend_service,
    terminate_service,
)
from trunkline_catalog.operations.trying_changes import try_change
from trunkline_catalog.operations.trying_out import try_order

__all__ = [
    "cancel_order_line",
    "change_service",
    "create_product",
    "place_order",
    "record_existing_service",
    "record_existing_services",
    "record_switch",
    "reinstate_product",
    "reschedule_order",
    "reschedule_order_line",
    "resume_service",
    "retire_product",
    "retry_order_line",
    "set_contract",
    "set_price",
    "suspend_service",
    "terminate_service",
    "try_change",
    "try_order",
    "update_product",
    "withdraw_price",
]
