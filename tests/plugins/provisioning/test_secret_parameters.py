"""A Wi-Fi password reaches the network and nothing else: no row, file, page, answer, log or activity entry has it in clear."""

import html
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from trunkline.activity.models import ActivityEntry
from trunkline.app import App
from trunkline.errors import Refused
from trunkline.jobs.models import Job, JobEvent
from trunkline.testing import Browser, work_until_idle
from trunkline_catalog import operations, queries
from trunkline_catalog.schemas import ChangeService, CreateProduct, Parameter, PlaceOrder, ServiceKind
from trunkline_provisioning.rollouts import operations as rollouts
from trunkline_provisioning.rollouts.schemas import PrepareRollout

pytestmark = [
    pytest.mark.plugins("inventory", "catalog", "provisioning"),
    pytest.mark.usefixtures("warm_runs"),
]

Staff = Callable[..., Browser]
FIRST, SECOND = "araçá-Azul 77 ", "other{{ 7*7 }}Secret"
FOR = "/catalog/orders/review?customer=C000001"


def playbook(module: str, **options: str) -> str:
    lines = "".join(f"        {name}: {value}\n" for name, value in options.items())
    return (
        "- name: Router\n  hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n    - name: Wi-Fi\n"
        f"      ansible.builtin.{module}:\n{lines}      no_log: true\n"
    )


@pytest.fixture
def far_end(shop: App, tmp_path: Path) -> Path:
    """A file that stands for a router; the product `wifi` asks its name and its password."""
    far, folder = tmp_path / "far" / "router", shop.config.playbook_folder / "router"
    far.parent.mkdir()
    folder.mkdir(parents=True)
    now, before = "{{ secrets.parameters.password }}", "{{ secrets.previous_parameters.password }}"
    for word, text in (
        ("do", playbook("copy", dest=str(far), content=f'"{now}"')),
        ("undo", playbook("file", path=str(far), state="absent")),
        ("change_wifi", playbook("copy", dest=str(far), content=f'"{now} was {before}"')),
        ("undo_change_wifi", playbook("copy", dest=str(far), content=f'"{before}"')),
    ):
        (folder / f"{word}.yml").write_text(text)
    with shop.unit_of_work() as ctx:
        operations.create_product(
            ctx,
            CreateProduct(
                code="wifi",
                name="Wi-Fi",
                service_kind=ServiceKind.OTHER,
                playbook="router",
                currency="BRL",
                parameters=(
                    Parameter(name="wifi_name", label="Wi-Fi name", ask=True),
                    Parameter(name="password", label="Wi-Fi key", ask=True, required=True, secret=True),
                ),
            ),
        )
    return far


def assert_hidden(app: App, *texts: str) -> None:
    """None of the secrets is in a file of the system's, the database among them, nor in one of these texts."""
    kept = [(str(path), path.read_bytes()) for path in app.config.data.rglob("*") if path.is_file()]
    kept += [(text[:60], html.unescape(text).encode()) for text in texts]
    with app.reading() as ctx:
        for model in (Job, JobEvent, ActivityEntry):
            rows = ctx.session.scalars(select(model)).all()
            kept.append((model.__name__, "".join(str(row.model_dump()) for row in rows).encode()))
    for place, found in kept:
        for secret in (FIRST.strip(), SECOND):
            assert secret.encode() not in found, place


def test_a_secret_is_typed_once_and_only_the_playbook_reads_it(
    shop: App, far_end: Path, staff: Staff
) -> None:
    client = staff("customer_care", "supervisor")
    details = "/catalog/orders/new?customer=C000001&product=wifi"
    asked = client.get(details).text
    assert 'type="password"' in asked
    assert "optional" not in asked.partition("Wi-Fi key")[2].partition("</label>")[0]
    line = {"lines.0.product": "wifi", "lines.0.param_wifi_name": "Casa"}
    missed = client.submit(FOR, line, page=details)
    assert "Fill in Wi-Fi key." in missed.text
    reviewed = client.submit(FOR, {**line, "lines.0.param_password": FIRST}, page=details).text
    assert "Entered" in reviewed
    form = reviewed.partition('action="/catalog/orders?')[2].partition("</form>")[0]
    hidden = {
        name: html.unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)
    }
    # Back to the details and on again: what was typed travels along, sealed.
    again = client.post("/catalog/orders/details?customer=C000001", data=hidden).text
    placed = client.post("/catalog/orders?customer=C000001", data=hidden)
    assert placed.url.path == "/catalog/orders/O000001", placed.text
    work_until_idle(shop)
    assert far_end.read_text() == FIRST
    service = "/catalog/services/S000001"
    pages = [
        reviewed,
        again,
        *(client.get(path).text for path in ("/catalog/orders/O000001", "/jobs/J000001", service)),
    ]
    assert "Kept secret" in pages[-1]
    assert_hidden(shop, *pages)

    # Left blank, it stays; another one replaces it, and the playbook knows both.
    with pytest.raises(Refused, match="Nothing would change"), shop.unit_of_work() as ctx:
        operations.change_service(ctx, "S000001", ChangeService(change="wifi", parameters={"password": ""}))
    changed = client.submit(f"{service}/change/wifi", {"wifi.param_password": SECOND}, page=service)
    work_until_idle(shop)
    assert far_end.read_text() == f"{SECOND} was {FIRST}"
    with shop.reading() as ctx:
        view = queries.service(ctx, "S000001")
        order = queries.order(ctx, "O000002")
    assert (view.parameters, view.secret_names) == ({"wifi_name": "Casa"}, ("password",))
    assert_hidden(
        shop,
        changed.text,
        client.get("/jobs/J000002/log.txt").text,
        view.model_dump_json(),
        order.model_dump_json(),
    )


def test_what_would_show_a_secret_is_refused(shop: App, far_end: Path, staff: Staff) -> None:
    wish = {"customer_number": "C000001", "lines": [{"product_code": "wifi", "parameters": {}}]}
    with pytest.raises(Refused, match="Fill in Wi-Fi key") as refusal, shop.unit_of_work() as ctx:
        operations.place_order(ctx, PlaceOrder.model_validate(wish))
    assert refusal.value.field == "lines.0.parameters.password"
    prepare = PrepareRollout.model_validate(
        {
            "wish": {"action": "change", "change": "wifi", "parameters": {"password": SECOND}},
            "services": ["S000001"],
        }
    )
    with pytest.raises(Refused, match="is a secret") as refusal, shop.unit_of_work() as ctx:
        rollouts._require_no_secret(ctx, prepare)
    assert refusal.value.field == "parameters"
    for fault in ({"value": "x"}, {"ask": False}, {"kind": "number"}):
        given = {"name": "key", "label": "Key", "ask": True, "secret": True, **fault}
        product = {"code": "other", "name": "Other", "currency": "BRL", "parameters": [given]}
        with pytest.raises(Refused, match="has to be asked") as refusal, shop.unit_of_work() as ctx:
            operations.create_product(ctx, CreateProduct.model_validate(product))
        assert refusal.value.field == "secret"
