"""The built-in roles of an operator's jobs, with every bundled plugin: what each may and may not do."""

import pytest

from trunkline.access import queries
from trunkline.access.roles import BUILTIN_ROLES
from trunkline.app import App

#: Verbs that change nothing. `use` is the search box.
_READING = {"list", "view", "export", "use"}


@pytest.fixture
def granted(app: App) -> dict[str, frozenset[str]]:
    with app.reading() as ctx:
        return dict(queries.permissions_by_role(ctx))


def test_everybody_who_works_here_gets_in_and_finds_things(granted: dict[str, frozenset[str]]) -> None:
    for role in BUILTIN_ROLES:
        if role.audience == "staff":
            assert {"core.home.view", "core.search.use"} <= granted[role.name], role.name


def test_readers_change_nothing(granted: dict[str, frozenset[str]]) -> None:
    for name in ("care_reader", "auditor"):
        writing = {p for p in granted[name] if p.rpartition(".")[2] not in _READING}
        # Views of lists that somebody saves are their own.
        assert not writing - {"core.import.use", "core.saved_view.create"}, name
        assert "core.import.use" not in granted[name]


def test_the_reading_care_role_sees_what_customer_care_sees(granted: dict[str, frozenset[str]]) -> None:
    seen = {p for p in granted["customer_care"] if p.rpartition(".")[2] in ("list", "view")}
    assert seen <= granted["care_reader"]


def test_every_staff_permission_is_some_jobs_or_kept_for_administrators_on_purpose(app: App) -> None:
    kept = {p.name for p in app.permissions.values() if p.audience == "staff" and not p.roles}
    # What gives power over the system itself, its people and its log; whoever adds a noun here has thought about who needs it.
    assert {name.split(".")[1] for name in kept if name.startswith("core.")} <= {
        "activity",
        "api_key",
        "brand",
        "identity",
        "impersonation",
        "numbering",
        "plugin",
        "role",
        "second_factor",
        "service_account",
        "settings",
        "signing_key",
        "user",
        "webhook",
    }
    assert {name for name in kept if not name.startswith("core.")} <= {"catalog.order.run"}


def test_a_dealer_sells_but_sees_no_keys_and_takes_no_money(granted: dict[str, frozenset[str]]) -> None:
    assert {"core.customer.create", "catalog.order.create"} <= granted["dealer"]
    assert (
        not {"inventory.secret.reveal", "billing.payment.record", "billing.ledger.view"} & granted["dealer"]
    )
