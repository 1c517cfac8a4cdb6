"""Short tasks that run in Ansible's own process: it forks for each, which costs more than what they do.

Only actions in `PROVEN`, which work in the controller anyhow and which the suite compares with the stock way, and only for one
host, once, as who we are. Every other task gets its process.
"""

import traceback
from typing import Any

_BUILTIN = ("assert", "debug", "fail", "set_fact", "set_stats")
_OWN = ("charging_account", "hlr_subscriber", "http", "inventory_pick", "mail", "notify")
#: Actions that leave nothing behind in the process, by their full names.
PROVEN = frozenset(
    [*(f"ansible.builtin.{name}" for name in _BUILTIN), *(f"trunkline.telecom.{name}" for name in _OWN)]
)


def install() -> None:
    """Put this before Ansible's own way of starting a task's process."""
    from ansible.executor.process.worker import WorkerProcess
    from ansible.plugins import strategy

    class TaskProcess(WorkerProcess):  # type: ignore[misc]  # ansible has no types
        """A task's process, or what looks like one that has ended already."""

        #: Exit status of a task that ran here.
        _ended: int | None = None

        def start(self) -> None:
            if not _may_run_here(self._task, self._task_vars):
                super().start()
                return
            try:
                _run_here(self)
                self._ended = 0
            except BaseException:  # a process would have died of it, which Ansible finds in the status
                traceback.print_exc()
                self._ended = 1

        @property
        def exitcode(self) -> int | None:
            status: int | None = super().exitcode if self._ended is None else self._ended
            return status

    strategy.WorkerProcess = TaskProcess


def _may_run_here(task: Any, variables: dict[str, Any]) -> bool:
    if task.resolved_action not in PROVEN or len(variables.get("ansible_play_batch") or ()) != 1:
        return False
    if task.connection != "local" or variables.get("ansible_connection") not in (None, "local"):
        return False
    told_apart = task.loop is not None or task.loop_with or task.until or task.retries is not None
    elsewhere = task.delegate_to or task.become or task.async_val or task.timeout
    return not told_apart and not elsewhere


def _run_here(process: Any) -> None:
    """What the process's `_run` does, on copies of what it would change in its own memory only."""
    from ansible._internal._task import TaskContext
    from ansible.executor.task_executor import TaskExecutor
    from ansible.executor.task_result import _RawTaskResult

    task = process._task.copy(exclude_parent=True, exclude_tasks=True)
    task._parent = process._task._parent
    with TaskContext(task):
        result = TaskExecutor(
            process._host,
            task,
            dict(process._task_vars),
            process._play_context.copy(),
            process._loader,
            process._shared_loader_obj,
            process._final_q,
            process._variable_manager,
        ).run()
        process._final_q.send_task_result(
            _RawTaskResult(host=process._host, task=task, return_data=result, task_fields=task.dump_attrs())
        )
