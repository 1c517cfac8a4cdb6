"""Modules that run in a fork of the task's own process: no archive is built, no shell and no interpreter started.

Only the modules in `PROVEN`, which the suite compares with the stock way, and only where the task runs here as who we are.
Everything else goes the stock way.
"""

import atexit
import io
import json
import os
import select
import sys
from collections.abc import Mapping
from typing import Any

#: Modules whose results are the same both ways. `copy` needs the other two.
PROVEN = frozenset({"uri", "copy", "stat", "file"})
_BUILTIN = ("ansible.builtin.", "ansible.legacy.")
_INTERPRETER = "ansible_python_interpreter"
#: Options of a call that are understood here; any other that says something sends the module the stock way.
_UNDERSTOOD = {"module_name", "module_args", "task_vars", "ignore_unknown_opts"}


def install() -> None:
    """Put this before Ansible's own way of running a module."""
    import ansible.modules.copy
    import ansible.modules.file
    import ansible.modules.stat
    import ansible.modules.uri  # noqa: F401 — each fork would load them
    from ansible.plugins.action import ActionBase

    stock = ActionBase._execute_module

    def execute_module(self: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        wanted = dict(zip(("module_name", "module_args", "tmp", "task_vars"), arguments, strict=False))
        wanted.update(options)
        module = _here(self, wanted)
        if module is None:
            result: dict[str, Any] = stock(self, *arguments, **options)
            return result
        return _execute(self, module, wanted)

    ActionBase._execute_module = execute_module


def _here(action: Any, wanted: Mapping[str, Any]) -> str | None:
    """The module to run in here; None when the stock way has to."""
    task, connection = action._task, action._connection
    if {option for option, value in wanted.items() if value} - _UNDERSTOOD:
        return None
    if connection.transport != "local" or connection.become or task.async_val or task.delegate_to:
        return None
    interpreter = (wanted.get("task_vars") or {}).get(_INTERPRETER)
    if str(interpreter or os.environ.get("ANSIBLE_PYTHON_INTERPRETER")) != sys.executable:
        return None
    from ansible.plugins.loader import module_loader

    name = wanted.get("module_name") or task.action
    found = module_loader.find_plugin_with_context(name, ".py", collection_list=task.collections)
    if not found.resolved or not found.plugin_resolved_path:
        return None
    resolved = str(found.resolved_fqcn)
    leaf = resolved.rpartition(".")[2]
    # A module of the playbook's own folder may have a proven one's name.
    own = os.path.join("ansible", "modules", f"{leaf}.py")
    if (
        not resolved.startswith(_BUILTIN)
        or leaf not in PROVEN
        or not found.plugin_resolved_path.endswith(own)
    ):
        return None
    return leaf


def _execute(action: Any, module: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What Ansible's `_execute_module` does around the command, without the command."""
    from ansible.module_utils.common.json import Direction, get_module_encoder
    from ansible.vars.clean import remove_internal_keys

    arguments = wanted.get("module_args")
    arguments = dict(action._task.args if arguments is None else arguments)
    action._update_module_args(
        wanted.get("module_name") or action._task.action,
        arguments,
        wanted.get("task_vars") or {},
        ignore_unknown_opts=wanted.get("ignore_unknown_opts", False),
    )
    environment: dict[str, Any] = {}
    action._compute_environment_string(environment)
    encoder = get_module_encoder("legacy", Direction.CONTROLLER_TO_MODULE)
    told = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()
    status, output, complaint = _in_a_fork(module, told, environment)
    said = {
        "rc": status,
        "stdout": output,
        "stdout_lines": output.splitlines(),
        "stderr": complaint,
        "stderr_lines": complaint.splitlines(),
    }
    result: dict[str, Any] = action._parse_returned_data(said, "legacy")
    if result.pop("_ansible_suppress_tmpdir_delete", False):
        action._cleanup_remote_tmp = False
    remove_internal_keys(result)
    for stream in ("stdout", "stderr"):
        if stream in result and f"{stream}_lines" not in result:
            result[f"{stream}_lines"] = (result[stream] or "").splitlines()
    return result


def _in_a_fork(module: str, told: bytes, environment: Mapping[str, Any]) -> tuple[int, str, str]:
    """Exit status, output and errors of the module."""
    pipes = [os.pipe(), os.pipe()]
    child = os.fork()
    if child == 0:
        for number, (_reader, writer) in enumerate(pipes, start=1):
            os.dup2(writer, number)
        _become(module, told, environment)
    texts = {}
    looks = select.poll()
    for reader, writer in pipes:
        os.close(writer)
        looks.register(reader, select.POLLIN | select.POLLHUP)
        texts[reader] = bytearray()
    waiting = len(texts)
    while waiting:
        for reader, _event in looks.poll():
            if part := os.read(reader, 65536):
                texts[reader] += part
            else:
                looks.unregister(reader)
                waiting -= 1
    for reader in texts:
        os.close(reader)
    _, status = os.waitpid(child, 0)
    output, complaint = (bytes(text).decode(errors="surrogateescape") for text in texts.values())
    return os.waitstatus_to_exitcode(status), output, complaint


def _become(module: str, told: bytes, environment: Mapping[str, Any]) -> None:
    """Be the module; never returns."""
    from ansible.module_utils._internal._ansiballz import _loader

    status: Any = 1
    try:
        atexit._clear()
        os.environ.update({name: str(value) for name, value in environment.items()})
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin = io.TextIOWrapper(io.FileIO(0))
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w"), encoding="utf-8", write_through=True)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), encoding="utf-8", write_through=True)
        sys.argv = [module]
        _loader.run_module(
            json_params=told,
            profile="legacy",
            module_fqn=f"ansible.modules.{module}",
            modlib_path="",
            extensions={},
        )
    except SystemExit as end:
        status = end.code or 0
    except BaseException as error:  # a module may raise anything, and the fork must not live on
        sys.stderr.write(repr(error))
    finally:
        atexit._run_exitfuncs()
        os._exit(int(status))
