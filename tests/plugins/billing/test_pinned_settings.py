"""What the configuration pins is looked at when health is: the system starts with it, and nobody types it on a page."""

from typing import Any

import pytest

from trunkline.app import App
from trunkline.health import reports
from trunkline.plugin import Health, HealthReport
from trunkline_billing.settings import BillingSettings


def _wrong(app: App, monkeypatch: pytest.MonkeyPatch, **pinned: Any) -> list[HealthReport]:
    plugin = {**app.config.plugin, "billing": pinned}
    monkeypatch.setattr(app, "config", app.config.model_copy(update={"plugin": plugin, "country": "BR"}))
    with app.reading() as ctx:
        found = [report for owner, report in reports(ctx) if owner == "core" and report.name == "Settings"]
        # What is in force stays what the configuration says.
        assert ctx.settings(BillingSettings).operator_tax_id == pinned.get("operator_tax_id", "")
    return found


def test_a_pinned_tax_id_that_nobody_has_is_told_with_the_place_to_mend_it(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    [report] = _wrong(app, monkeypatch, operator_tax_id="12.345.678/0001-96")
    assert report.health is Health.WARNING
    assert report.detail.startswith("Billing, Tax id on invoices: ")
    assert "Change it in [plugin.billing] trunkline.toml." in report.remedy


def test_a_pinned_engine_that_is_not_there_is_told_beside_it(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _wrong(app, monkeypatch, operator_tax_id="12.345.678/0001-96", charging_engine="abacus")
    assert [report.detail.partition(":")[0] for report in found] == [
        "Billing, Charging engine",
        "Billing, Tax id on invoices",
    ]


def test_what_is_right_is_not_spoken_of(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _wrong(app, monkeypatch, operator_tax_id="12.345.678/0001-95") == []
