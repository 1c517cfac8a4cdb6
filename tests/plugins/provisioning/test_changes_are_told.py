"""What engineers change is told: by names and versions, never with an address or a secret."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from trunkline.app import App
from trunkline.events.models import OutboxEvent
from trunkline.operation import Context
from trunkline_provisioning import editing, elements
from trunkline_provisioning.elements import EditElement, ElementFields
from trunkline_provisioning.network_audit import operations as audits

pytestmark = [pytest.mark.plugins("inventory", "catalog", "provisioning"), pytest.mark.both_databases]


def told(app: App, do: Callable[[Context], Any]) -> tuple[str, dict[str, Any]]:
    """Name and facts of the one event that something leaves."""
    with app.unit_of_work() as ctx:
        before = set(ctx.session.scalars(select(col(OutboxEvent.id))))
        do(ctx)
        ctx.session.flush()
        [event] = [one for one in ctx.session.scalars(select(OutboxEvent)) if one.id not in before]
        return event.name, event.payload


def test_the_life_of_a_playbook_is_told_with_its_versions(app: App) -> None:
    name, facts = told(app, lambda ctx: editing.create(ctx, "fibre"))
    assert (name, facts["playbook"], facts["version"]) == ("playbook.created", "fibre", 1)
    text = editing.skeleton("fibre", "do") + "# Ours.\n"
    name, facts = told(app, lambda ctx: editing.save_file(ctx, "fibre", "do", text))
    assert (name, facts["version"], facts["file"]) == ("playbook.changed", 2, "do.yml")
    name, facts = told(app, lambda ctx: editing.bring_back(ctx, "fibre", 1))
    assert (name, facts["version"], facts["file"]) == ("playbook.changed", 3, "")
    assert told(app, lambda ctx: editing.remove(ctx, "fibre"))[0] == "playbook.removed"


def test_network_elements_are_told_without_their_secrets(app: App) -> None:
    olt = {"name": "olt", "label": "OLT", "host": "192.0.2.7", "password": "hush"}
    steps: dict[str, Callable[[Context], Any]] = {
        "network_element.added": lambda ctx: elements.add(ctx, ElementFields.model_validate(olt)),
        "network_element.changed": lambda ctx: elements.change(
            ctx, "olt", EditElement.model_validate({**olt, "password": "hush again"})
        ),
        "network_element.removed": lambda ctx: elements.delete(ctx, "olt"),
    }
    for expected, do in steps.items():
        name, facts = told(app, do)
        assert (name, facts["element"]) == (expected, "olt")
        assert facts.keys() == {"entity_id", "customer_id", "element"}


def test_an_audit_is_told_when_it_is_queued(app: App) -> None:
    assert told(app, audits.begin)[0] == "network_audit.started"
