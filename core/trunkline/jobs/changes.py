"""What a job's steps changed, as their log lines say: a step marks such a line with `changed=True` and names the `task`."""

from sqlalchemy import select
from sqlmodel import col

from trunkline.jobs.models import JobEvent
from trunkline.operation import Context

#: Lines looked at, the latest; a step of thousands of tasks is told by its log.
_MOST = 500


def changes_of(ctx: Context, job_id: int) -> dict[int, list[str]]:
    """Names of the tasks that changed something, by the step's position, each once and in order."""
    rows = ctx.session.execute(
        select(col(JobEvent.step_seq), col(JobEvent.data))
        .where(
            col(JobEvent.job_id) == job_id, col(JobEvent.level) == "ok", col(JobEvent.step_seq).is_not(None)
        )
        .order_by(col(JobEvent.id).desc())
        .limit(_MOST)
    ).all()
    found: dict[int, dict[str, None]] = {}
    for seq, data in reversed(rows):
        if seq is not None and data and data.get("changed") is True:
            found.setdefault(seq, {})[str(data.get("task", ""))] = None
    return {seq: [task for task in tasks if task] for seq, tasks in found.items()}
