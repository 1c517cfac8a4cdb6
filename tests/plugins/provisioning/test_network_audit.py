"""What the network holds is compared with what the system believes, and each difference has its remedy."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col
from stdnum import luhn

from tests.plugins.provisioning.conftest import IMSI, KI, MSISDN, OPC
from tests.services.json_element import TOKEN, json_element
from trunkline.app import App
from trunkline.clock import utc_now
from trunkline.errors import Refused
from trunkline.jobs.models import Job
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries
from trunkline_catalog.schemas import (
    ChangeService,
    CreateProduct,
    Parameter,
    RecordExistingService,
    SuspendService,
    SuspensionReason,
)
from trunkline_inventory import operations as stock
from trunkline_provisioning import elements
from trunkline_provisioning.elements import ElementFields
from trunkline_provisioning.hlr.subscriber import Hlr, checked
from trunkline_provisioning.hlr.vty import Vty
from trunkline_provisioning.network_audit import adopting, operations, steps
from trunkline_provisioning.network_audit.models import ProvisioningAudit, ProvisioningFinding
from trunkline_provisioning.network_audit.schemas import IgnoreFinding
from trunkline_provisioning.runner import COLLECTIONS

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

Staff = Callable[..., Browser]
IMSIS = [IMSI, "724990000000002", "724990000000003", "724990000000004"]
STRANGER = "724990000000099"


@pytest.fixture
def vty(shop: App, hlr: tuple[str, int]) -> Iterator[Hlr]:
    """Four services that were sold elsewhere, none of which the HLR holds yet; the HLR itself."""
    with shop.unit_of_work() as ctx:
        for n in (2, 3, 4):
            body = f"89559900000000000{n}"
            iccid = body + luhn.calc_check_digit(body)
            stock.add_items(ctx, "sim", [{"iccid": iccid, "imsi": IMSIS[n - 1], "ki": KI, "opc": OPC}])
            stock.add_items(ctx, "number", [{"number": f"+555199123450{n}"}])
        since = utc_now() - timedelta(days=1)
        one = RecordExistingService(customer_number="C000001", product_code="mobile_10", activated_at=since)
        catalog.record_existing_services(ctx, [one] * 4)
    with Vty(*hlr) as connection:
        yield Hlr(connection)


def audit(app: App) -> ProvisioningAudit:
    with app.unit_of_work() as ctx:
        operations.begin(ctx)
    work_until_idle(app)
    with app.reading() as ctx:
        newest = ctx.session.scalars(
            select(ProvisioningAudit).order_by(col(ProvisioningAudit.id).desc())
        ).first()
    assert newest is not None
    return newest


def findings(app: App) -> dict[str, ProvisioningFinding]:
    with app.reading() as ctx:
        return {row.subject: row for row in ctx.session.scalars(select(ProvisioningFinding))}


def test_differences_are_named_repaired_adopted_ignored_and_gone(shop: App, vty: Hlr, staff: Staff) -> None:
    vty.put(checked(IMSIS[0], MSISDN, KI, OPC))
    vty.put(checked(IMSIS[1], "5551900000000", KI, OPC))
    vty.put(checked(IMSIS[2], "5551991234503", KI, OPC, access="voice_barred"))
    vty.put(checked(STRANGER, "5551999999999"))
    done = audit(shop)
    assert (done.state, done.services, done.held, done.problems) == ("done", 4, 4, [])
    assert (done.missing, done.unknown, done.differs) == (1, 1, 2)
    found = findings(shop)
    assert {key: (row.kind, row.service, row.fields) for key, row in found.items()} == {
        IMSIS[1]: ("differs", "S000002", {"msisdn": ["5551991234502", "5551900000000"]}),
        IMSIS[2]: ("differs", "S000003", {"access": ["enabled", "voice_barred"]}),
        IMSIS[3]: ("missing", "S000004", {"access": ["enabled", ""], "msisdn": ["5551991234504", ""]}),
        STRANGER: ("unknown", "", {"access": ["", "enabled"], "msisdn": ["", "5551999999999"]}),
    }
    client = staff("provisioning_engineer")
    assert "Differences between network and system" in client.get("/").text
    shown = client.get("/provisioning/differences").text
    assert "access: enabled → voice_barred" in shown
    assert (
        "Record as on: Calls barred" in client.get(f"/provisioning/differences/{found[IMSIS[2]].number}").text
    )
    with shop.unit_of_work() as ctx:
        adopting.adopt(ctx, found[IMSIS[2]].number)
        with pytest.raises(Refused, match="explains"):
            adopting.adopt(ctx, found[IMSIS[1]].number)
        operations.ignore(ctx, found[IMSIS[1]].number, IgnoreFinding(reason="Moves on Monday."))
        operations.repair(ctx, found[IMSIS[3]].number)
        operations.repair(ctx, found[STRANGER].number)
    page = f"/provisioning/differences/{found[STRANGER].number}"
    assert f'hx-get="{page}/under-way"' in client.get(page).text
    assert client.get(f"{page}/under-way").status_code == 204
    work_until_idle(shop)
    assert client.get(f"{page}/under-way").headers["HX-Refresh"] == "true"
    assert "under-way" not in client.get(page).text
    with shop.reading() as ctx:
        assert queries.service(ctx, "S000003").switches == ("bar",)
        assert {job.error for job in ctx.session.scalars(select(Job))} == {""}
    repaired, stranger = vty.find(IMSIS[3]), vty.find(STRANGER)
    assert repaired is not None
    assert (repaired.msisdn, repaired.ki, stranger) == ("5551991234504", KI.lower(), None)
    again = audit(shop)
    assert (again.missing, again.unknown, again.differs) == (0, 0, 1)
    assert {key: row.state for key, row in findings(shop).items()} == {
        IMSIS[1]: "ignored",
        IMSIS[2]: "gone",
        IMSIS[3]: "gone",
        STRANGER: "gone",
    }
    vty.put(checked(IMSIS[1], "5551900000001", KI, OPC))
    audit(shop)
    assert findings(shop)[IMSIS[1]].state == "open"


def test_what_is_under_way_or_suspended_is_no_difference(shop: App, vty: Hlr) -> None:
    for imsi, number in zip(IMSIS, (MSISDN, "5551991234502", "5551991234503", "5551991234504"), strict=True):
        vty.put(checked(imsi, number, KI, OPC))
    with shop.unit_of_work() as ctx:
        catalog.suspend_service(ctx, "S000001", SuspendService(reason=SuspensionReason.DEBT))
    work_until_idle(shop)
    with shop.unit_of_work() as ctx:
        # Nobody works on this one, so it is open while the audit runs.
        catalog.change_service(ctx, "S000002", ChangeService(change="bar", on=True))
        ctx.session.flush()
        job = ctx.session.scalars(select(Job).where(col(Job.title).startswith("Change"))).one()
        job.run_at = utc_now() + timedelta(days=1)
    vty.remove(IMSIS[1])
    done = audit(shop)
    assert (done.missing, done.unknown, done.differs) == (0, 0, 0)


def test_an_element_that_does_not_answer_says_nothing_about_its_services(shop: App, vty: Hlr) -> None:
    audit(shop)
    assert len(findings(shop)) == 4
    shop.config.plugin["provisioning"].update(hlr="external", hlr_host="127.0.0.1", hlr_port=9)
    silent = audit(shop)
    assert silent.problems == ["HLR 127.0.0.1:9: 127.0.0.1:9 does not answer: Connection refused."]
    assert (silent.missing, silent.differs) == (0, 0)


def test_the_night_begins_one_audit(shop: App, vty: Hlr) -> None:
    with shop.unit_of_work() as ctx:
        here = ctx.now().astimezone(shop.config.zone)
        shop.config.plugin["provisioning"]["audit_hour"] = here.hour
        steps.plan(ctx)
        steps.plan(ctx)
    work_until_idle(shop)
    with shop.unit_of_work() as ctx:
        steps.plan(ctx)
        assert len(ctx.session.scalars(select(ProvisioningAudit)).all()) == 1


def test_a_json_element_is_read_resource_by_resource_and_secrets_are_not_compared(shop: App) -> None:
    folder = shop.config.playbook_folder / "calling_features"
    folder.mkdir(parents=True)
    for name in ("do.yml", "undo.yml"):
        text = (COLLECTIONS / "playbooks" / "calling_features" / name).read_text()
        secrets = "voicemail: '{{ secrets.parameters.voicemail }}'", "card: '{{ secrets.number.card }}'"
        above = "".join(f"{line}\n          " for line in secrets)
        assert "bar_outgoing: " in text
        text = text.replace(
            "      trunkline.telecom.http:", "      no_log: true\n      trunkline.telecom.http:"
        )
        (folder / name).write_text(text.replace("bar_outgoing: ", f"{above}bar_outgoing: "))
    with json_element() as element:
        with shop.unit_of_work() as ctx:
            facts = ElementFields(
                name="call_server", label="Calls", password=TOKEN, facts=f"url: {element.url}"
            )
            elements.add(ctx, facts)
            calls = CreateProduct(
                code="calls",
                name="Calls",
                needs=("number",),
                playbook="calling_features",
                currency="BRL",
                parameters=(Parameter(name="voicemail", label="Voicemail", ask=True, secret=True),),
            )
            catalog.create_product(ctx, calls)
            since = utc_now() - timedelta(days=1)
            one = RecordExistingService(
                customer_number="C000001",
                product_code="calls",
                activated_at=since,
                parameters={"voicemail": "Secret.4711"},
            )
            catalog.record_existing_service(ctx, one)
        assert audit(shop).missing == 1
        element.resources[f"/lines/+{MSISDN}"] = {
            "bar_outgoing": False,
            "other": 1,
            "voicemail": "Secret.4711",
            "card": "Card.4711",
        }
        assert audit(shop).differs == 1
        (found,) = findings(shop).values()
    assert (found.kind, found.subject) == ("differs", f"{element.url}/lines/+{MSISDN}")
    # Nobody can know whether a secret is as it should be.
    assert found.fields == {"bar_outgoing": ["true", "false"]}
