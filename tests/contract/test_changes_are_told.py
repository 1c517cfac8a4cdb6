"""Whatever writes to the activity log emits an event in the same unit of work, or stands here with the reason why it does not.

Webhooks, hooks and extension scripts hear of events alone: a change that is only logged is one that no other system can follow.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from tests.contract.reaching import _body, _named_in
from trunkline.operation import OPERATIONS

Function = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("trunkline", *sorted(path.name for path in ROOT.glob("plugins/*/trunkline_*")))
ALEMBIC = {"migrations", "alembic", "__main__", "scaffold"}

_READ = "It reads; the log says who looked."
_SIGN_IN = "An attempt to sign in or prove who one is, not a change of the account; the log is where those are counted."
_NOT_YET = "Nothing of the account changes until the code or link that was sent is used, which is told."
_OWN_SCREEN = "How one person's own pages look or what they are mailed; nobody else's concern."
_LOOKS = "It queues a job that only looks, or whose end `job.succeeded` and the like tell."
_DELIVERY = "Events sent again are told as they were; an event about it would be sent in its turn."
_CHARGED = (
    "Follows what the catalog tells of the service: `service.activated`, `changed`, `terminated` and so on."
)
_HELD = "`order.placed` and what becomes of its lines tell who holds; in use is told as `inventory_item.assigned`."

#: What is logged and not told, and why that is right.
EXCEPTIONS: dict[str, str] = {
    "trunkline.activity.exporting.record_export": _READ,
    "trunkline.activity.refusals.refused": "Something was refused: nothing changed.",
    "trunkline.activity.segments.remove_seals": "The log's own keeping: its old entries are in a sealed file.",
    "trunkline.activity.viewing._enter": _READ,
    "trunkline.auth.code_sign_in.operations.send_phone_code": _NOT_YET,
    "trunkline.auth.code_sign_in.own_phone.confirm": _SIGN_IN,
    "trunkline.auth.code_sign_in.signing_in._record_failure": _SIGN_IN,
    "trunkline.auth.code_sign_in.signing_in.ask": _SIGN_IN,
    "trunkline.auth.email_change.ask": _NOT_YET,
    "trunkline.auth.email_change.withdraw": _NOT_YET,
    "trunkline.auth.own_account.ask_for_link": _NOT_YET,
    "trunkline.auth.own_account.keep_shortcuts": _OWN_SCREEN,
    "trunkline.auth.pages.sign_out": _SIGN_IN,
    "trunkline.auth.second_factor.operations.begin_app": _NOT_YET,
    "trunkline.auth.second_factor.second_step._record_failure": _SIGN_IN,
    "trunkline.auth.second_factor.second_step.confirm_with_passkey": _SIGN_IN,
    "trunkline.auth.sign_in._record_failure": _SIGN_IN,
    "trunkline.auth.sign_in.arrived": _SIGN_IN,
    "trunkline.auth.sudo.confirm": _SIGN_IN,
    "trunkline.customers.erasing.operations._finish": "`customer.erased` told until when the rest is kept.",
    "trunkline.customers.merging.operations._leave": "The entry of the other customer; `customer.merged` names both.",
    "trunkline.customers.merging.operations._return": "The entry of the other customer; `customer.merge_undone` names both.",
    "trunkline.files.scanning._record": "A file was refused: nothing is kept of it.",
    "trunkline.geocoding.operations.gave_up": "Where the site is stays as unknown as it was.",
    "trunkline.geocoding.operations.look_up": "The answer is told, as `site.located`.",
    "trunkline.imports.importer.csv_rows": "Each row's own operation tells, and `import.finished` the file.",
    "trunkline.jobs.failure_mail.choose": _OWN_SCREEN,
    "trunkline.jobs.rehearsal.dry_run": _LOOKS,
    "trunkline.lists.runs.act": "Each row's own operation tells.",
    "trunkline.lists.runs.write_file": _READ,
    "trunkline.lists.views.keep_columns": _OWN_SCREEN,
    "trunkline.mail_templates.operations.send_sample": "A sample to oneself; `email.sent` tells that it went out.",
    "trunkline.plugin_life.faults.clear": "Notes about failures are put away; nothing of the operator's data changes.",
    "trunkline.plugin_life.operations.retry_delivery": _DELIVERY,
    "trunkline.plugin_life.operations.retry_parked": _DELIVERY,
    "trunkline.plugin_life.reloading.reload_scripts": "Processes start again; nothing that is kept changes.",
    "trunkline.webhooks.operations.deliver_again": _DELIVERY,
    "trunkline.webhooks.operations.deliver_parked_again": _DELIVERY,
    "trunkline.webhooks.operations.deliver_these_again": _DELIVERY,
    "trunkline_billing.operations.charges.charge_anew_since": _CHARGED,
    "trunkline_billing.operations.charges.continue_charging": _CHARGED,
    "trunkline_billing.operations.charges.stop_charging": _CHARGED,
    "trunkline_billing.operations.charges.undo_charging": _CHARGED,
    "trunkline_billing.operations.product_changes.change_product": _CHARGED,
    "trunkline_billing.operations.product_changes.undo_product_change": _CHARGED,
    "trunkline_billing.operations.taking.take_payment": "What the provider records is told: `payment.received`.",
    "trunkline_catalog.operations.trying_changes.queue_try": _LOOKS,
    "trunkline_catalog.operations.trying_out.queue_dry_run": _LOOKS,
    "trunkline_catalog.operations.waiting.begin": "A worker is at it; the line's end is told, whatever it is.",
    "trunkline_inventory.operations.editing.reveal": _READ,
    "trunkline_inventory.operations.holding.hold": _HELD,
    "trunkline_inventory.operations.holding.rehold": _HELD,
    "trunkline_oidc.pages._record": _SIGN_IN,
    "trunkline_portal.operations.send_phone_code": _NOT_YET,
    "trunkline_provisioning.rollouts.doing.run_playbook": _LOOKS,
    "trunkline_provisioning.trials.try_out": _LOOKS,
}


def _modules() -> Iterator[ModuleType]:
    for package in map(importlib.import_module, PACKAGES):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not ALEMBIC & set(found.name.split(".")):
                yield importlib.import_module(found.name)


def _functions(module: ModuleType) -> Iterator[Function]:
    """What the module defines, methods of its classes among it."""
    owners = [module, *(one for one in vars(module).values() if inspect.isclass(one))]
    for owner in owners:
        if getattr(owner, "__module__", module.__name__) == module.__name__:
            for value in vars(owner).values():
                function = inspect.unwrap(value) if callable(value) else None
                if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                    yield function


def _calls(function: Function, names: set[str]) -> Iterator[ast.Call]:
    tree = _body(function)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and _last_name(node.func) in names:
            yield node


def _last_name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _runs(function: Function) -> bool:
    """Whether it brackets an operation itself: `ctx.run("core.user.edit_own")`."""
    return any(ast.unparse(call.func).endswith("ctx.run") for call in _calls(function, {"run"}))


@cache
def _emits(function: Function) -> bool:
    return any(_calls(function, {"emit", "emit_all"}))


def _told(function: Function) -> bool:
    seen: set[Function] = set()
    waiting = [function]
    while waiting:
        one = waiting.pop()
        if one in seen or one.__module__ == "trunkline.operation":
            continue
        seen.add(one)
        if _emits(one):
            return True
        waiting += [inspect.unwrap(other) for other in _named_in(one)]
    return False


def _recording() -> dict[str, Function]:
    """Every operation by its module and name, and every function that brackets one."""
    found: dict[str, Function] = {}
    for module in _modules():
        for function in _functions(module):
            if _runs(function) and function.__module__ != "trunkline.operation":
                found[f"{function.__module__}.{function.__qualname__}"] = function
    ours = {name: info.plain for name, info in OPERATIONS.items() if name.startswith(PACKAGES)}
    return found | ours


def test_whatever_is_logged_is_told_or_excepted_with_a_reason() -> None:
    recording = _recording()
    untold = {name for name, function in recording.items() if not _told(function)}
    assert sorted(untold - EXCEPTIONS.keys()) == []
    assert sorted(EXCEPTIONS.keys() - untold) == [], "these tell now, or are gone"
