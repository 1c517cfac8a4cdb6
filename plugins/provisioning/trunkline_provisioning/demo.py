"""What the sample operator's network has to do when the demo starts: new lines, and one terminal that does not answer."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Thread

from trunkline.app import App
from trunkline.demo.month import DemoMonth
from trunkline.operation import Context
from trunkline.settings import operations as settings
from trunkline_catalog import operations as catalog
from trunkline_catalog import queries as services
from trunkline_catalog.schemas import OrderLineInput, PlaceOrder, UpdateProduct
from trunkline_inventory import operations as stock
from trunkline_inventory.schemas import AddItem, CreateStock
from trunkline_provisioning import library
from trunkline_provisioning.checking import check_ahead
from trunkline_provisioning.hlr.filling import fill
from trunkline_provisioning.hlr.subscriber import MODES, Access, Subscriber, checked
from trunkline_provisioning.network_audit.expectations import Expectations
from trunkline_provisioning.network_audit.hlr import READER
from trunkline_provisioning.queries import hlr_place
from trunkline_provisioning.syntax_check import SyntaxCheck

_MOBILE = ("movel_10gb", "movel_30gb", "movel_empresas")
_MOBILE_PLAYBOOK = "mobile_line"
_FIBRE = "fibra_600"
_FIBRE_PLAYBOOK = "fibre_terminal"
#: The one terminal that does not answer, and where it lies: its order fails and is undone, so that a failed job can be seen.
SILENT_TERMINAL = "CSUL00000BAD"
_BENCH = CreateStock(
    name="Bancada de testes",
    note=f"The terminal {SILENT_TERMINAL} is faulty: an order with it fails, to show what a failed job looks like.",
)
_SILENT = AddItem(template="ont", values={"serial": SILENT_TERMINAL, "model": "AX1800"}, stock=_BENCH.name)
#: The operator's own playbook.
_FIBRE_FILES = {
    "do": f"""\
# A fibre terminal: it must answer to its management before it gets its Wi-Fi name.
# The sample network has no element to ask; {SILENT_TERMINAL} is the terminal that does not answer there.
- name: Fibre terminal
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Serial number is in the order
      ansible.builtin.assert:
        that: picks.ont.serial | length > 0

    - name: The terminal answers
      ansible.builtin.assert:
        that: picks.ont.serial != "{SILENT_TERMINAL}"
        fail_msg: "The terminal {{{{ picks.ont.serial }}}} does not answer on its management port."
""",
    "undo": """\
# Nothing was written to the terminal, so there is nothing to take back.
- name: Fibre terminal, undone
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Leave the terminal as it was
      ansible.builtin.debug:
        msg: "Terminal {{ picks.ont.serial }} keeps its factory settings."
""",
    **{
        word: f"""\
# The sample network has no element that could refuse a terminal, so this only says what would be done there.
- name: Fibre terminal, {state}
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Terminal {state}
      ansible.builtin.debug:
        msg: "Terminal {{{{ picks.ont.serial }}}} counts as {state}."
"""
        for word, state in (("suspend", "suspended"), ("resume", "resumed"), ("terminate", "ended"))
    },
}


#: A card that somebody tried the network with and forgot.
_TEST_CARD = "724990000099901"
#: Of fewer lines the differences would be most of what there is.
_FEWEST = 12

#: Under way while the months are lived through; Ansible takes seconds to look at a playbook.
_looking: list[Thread] = []


def write_playbooks(app: App) -> None:
    """Write the operator's own playbook, and have Ansible look meanwhile at what the orders of the end will run."""
    folder = app.config.playbook_folder / _FIBRE_PLAYBOOK
    folder.mkdir(parents=True, exist_ok=True)
    for word, text in _FIBRE_FILES.items():
        (folder / f"{word}.yml").write_text(text)
    groups = [
        [playbook.path(word) for word in playbook.files]
        for playbook in (library.find(app, name) for name in (_MOBILE_PLAYBOOK, _FIBRE_PLAYBOOK))
    ]
    thread = Thread(target=check_ahead, args=(groups, SyntaxCheck.of(app)), daemon=True)
    thread.start()
    _looking.append(thread)


def leave_work(app: App, month: DemoMonth) -> None:
    """From now on orders reach the network; the newest customers order what a worker then carries out."""
    while _looking:
        _looking.pop().join()
    with app.unit_of_work() as ctx:
        for code in _MOBILE:
            catalog.update_product(ctx, code, UpdateProduct(playbook=_MOBILE_PLAYBOOK))
        catalog.update_product(ctx, _FIBRE, UpdateProduct(playbook=_FIBRE_PLAYBOOK))
        filled = fill(app.config, hlr_place(ctx), _not_quite(_expected(ctx)))
        if not filled:
            # The months before never reached that HLR, so a night's audit would name every line of them.
            settings.save(ctx, "provisioning", {"audit_hour": None})
        stock.create_stock(ctx, _BENCH)
        picks: dict[str, str | None] = {"ont": stock.add_item(ctx, _SILENT).number}
        silent = OrderLineInput(product_code=_FIBRE, parameters={"wifi_name": "Casa"}, picks=picks)
        for position, customer in enumerate(month.new_customers[-4:]):
            line = silent if position == 1 else OrderLineInput(product_code=_MOBILE[position % 2])
            wish = PlaceOrder(
                customer_number=customer.number, lines=[line], idempotency_key=f"demo:{customer.number}"
            )
            catalog.place_order(ctx, wish)


def _expected(ctx: Context) -> list[Subscriber]:
    """What the HLR should hold of the months before, as the audit sees it."""
    expectations, found, after = Expectations(ctx, [READER]), list[Subscriber](), 0
    while part := services.provisioned_services(ctx, after=after):
        after = part[-1].service.id
        for one in part:
            for each in expectations.of(one.playbook, one.service, one.variables):
                fields = each.holding.fields
                found.append(
                    checked(each.holding.key, fields.get("msisdn", ""), access=_access(fields["access"]))
                )
    return found


def _access(word: str) -> Access:
    return next(access for access in MODES if access == word)


def _not_quite(expected: Sequence[Subscriber]) -> list[Subscriber]:
    """As networks are: a card that never got there, one that stayed barred after its customer paid, and one that nobody knows."""
    working = [one for one in expected if one.access == "enabled"]
    if len(working) < _FEWEST:
        return list(expected)
    missing, barred = working[len(working) // 3], working[len(working) // 2]
    kept = [
        replace(one, access="suspended") if one is barred else one for one in expected if one is not missing
    ]
    return [*kept, Subscriber(_TEST_CARD)]
