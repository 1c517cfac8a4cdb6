"""What the catalogue can be asked."""

from trunkline_catalog.queries.changes import change_offers, change_problem
from trunkline_catalog.queries.orders import (
    busy_services,
    line,
    line_by_number,
    lines_of_service,
    open_line_of,
    order,
    orders_of,
    standing_line_of,
)
from trunkline_catalog.queries.plans import plan_choices
from trunkline_catalog.queries.products import (
    included,
    known_playbooks,
    known_tariffs,
    monthly_prices,
    price_at,
    prices,
    product,
    product_by_id,
    products,
)
from trunkline_catalog.queries.provisioned import Provisioned, provisioned_services
from trunkline_catalog.queries.services import (
    IndexEntry,
    active_services,
    identifier_holder,
    identifier_index,
    parameter_secrets,
    provisioning_variables,
    service,
    service_by_id,
    service_history,
    services_numbered,
    services_of,
)
from trunkline_catalog.queries.suspensions import suspensions_between, suspensions_of

__all__ = [
    "IndexEntry",
    "Provisioned",
    "active_services",
    "busy_services",
    "change_offers",
    "change_problem",
    "identifier_holder",
    "identifier_index",
    "included",
    "known_playbooks",
    "known_tariffs",
    "line",
    "line_by_number",
    "lines_of_service",
    "monthly_prices",
    "open_line_of",
    "order",
    "orders_of",
    "parameter_secrets",
    "plan_choices",
    "price_at",
    "prices",
    "product",
    "product_by_id",
    "products",
    "provisioned_services",
    "provisioning_variables",
    "service",
    "service_by_id",
    "service_history",
    "services_numbered",
    "services_of",
    "standing_line_of",
    "suspensions_between",
    "suspensions_of",
]
