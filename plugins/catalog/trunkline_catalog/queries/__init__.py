"""What the catalogue can be asked."""

from trunkline_catalog.queries.changes import change_offers, change_problem
from trunkline_catalog.queries.contracts import (
    contracts_in_force,
    contracts_of_services,
    coverable,
    services_under,
)
from trunkline_catalog.queries.orders import (
    busy_services,
    line,
    line_by_number,
    lines_of_service,
    open_line_of,
    order,
    orders_of,
    standing_line_of,
    waiting_lines_of,
)
from trunkline_catalog.queries.parents import added_allowances, belonging_to, extends, hosts_of, nested
from trunkline_catalog.queries.plans import plan_choices
from trunkline_catalog.queries.product_terms import included
from trunkline_catalog.queries.products import (
    known_playbooks,
    known_tariffs,
    offer_price,
    price_at,
    priced,
    prices,
    product,
    product_by_id,
    products,
)
from trunkline_catalog.queries.provisioned import Provisioned, provisioned_services
from trunkline_catalog.queries.service_prices import as_charged, in_force, monthly_at, monthly_of, own_prices
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
    "added_allowances",
    "as_charged",
    "belonging_to",
    "busy_services",
    "change_offers",
    "change_problem",
    "contracts_in_force",
    "contracts_of_services",
    "coverable",
    "extends",
    "hosts_of",
    "identifier_holder",
    "identifier_index",
    "in_force",
    "included",
    "known_playbooks",
    "known_tariffs",
    "line",
    "line_by_number",
    "lines_of_service",
    "monthly_at",
    "monthly_of",
    "nested",
    "offer_price",
    "open_line_of",
    "order",
    "orders_of",
    "own_prices",
    "parameter_secrets",
    "plan_choices",
    "price_at",
    "priced",
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
    "services_under",
    "standing_line_of",
    "suspensions_between",
    "suspensions_of",
    "waiting_lines_of",
]
