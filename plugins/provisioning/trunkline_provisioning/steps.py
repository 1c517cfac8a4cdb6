"""The steps that provisioning brings to an order line's job."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple

from trunkline.i18n import gettext as _
from trunkline.jobs.steps import CannotTell, StepContext, StepFailed
from trunkline.operation import Context
from trunkline.plugin import Policy, StepKind
from trunkline_provisioning import library, queries, versions
from trunkline_provisioning.declaring import FILE, Look, declared_in, looks
from trunkline_provisioning.handing_over import (
    not_handed_over,
    plain,
    put_away,
    require_declared,
    without_secrets,
)
from trunkline_provisioning.hlr.peer import HlrPlace
from trunkline_provisioning.messages import queue_messages, say_unsent
from trunkline_provisioning.planned import (
    declared_outputs,
    playbook_file,
    playbook_files,
)
from trunkline_provisioning.retrying import newer, renew
from trunkline_provisioning.run_events import Line
from trunkline_provisioning.schemas import AnsibleInputs, TrialInputs
from trunkline_provisioning.settings import ProvisioningSettings
from trunkline_provisioning.welcoming import STEP_KINDS as WELCOMES


class Mode(Enum):
    """How a playbook is run."""

    DO = auto()
    #: In check mode: what it would change is told.
    REHEARSE = auto()
    #: In check mode: what it would change has not been done.
    VERIFY = auto()


class Played(NamedTuple):
    """What came of a run: its outputs, and the tasks that check mode passed over."""

    outputs: Mapping[str, Any]
    unseen: tuple[str, ...]


_MOST_RUNS = 3
_UNSEEN = "check mode passes over these tasks, if they are reached: {tasks}."


def run_ansible(step: StepContext) -> Mapping[str, Any]:
    """Do a step: run its playbook, then what looks each time whether it was done. What it hands to set_stats are the outputs.

    Raises StepFailed when an output is not as declared, or the far end is not as the playbook left it.
    """
    with _ready(step) as ready:
        outputs = _run_ready(step, ready, step.inputs.playbook)
        if step.inputs.verify_playbook and step.inputs.look is Look.EACH_TIME:
            done = replace(step, outputs=outputs)
            _run_ready(done, _once_done(done, ready), step.inputs.verify_playbook, mode=Mode.VERIFY)
    return queue_messages(step, outputs)


def find_ansible(step: StepContext) -> Mapping[str, Any]:
    """What a worker that died had done: what the looking playbook hands over stands for the outputs of the step.

    Raises StepFailed where there is no such playbook, it finds something undone, or it does not hand over what is declared.
    """
    if not step.inputs.verify_playbook:
        raise StepFailed("Nothing looks whether it was done.")
    return queue_messages(step, _run(step, step.inputs.verify_playbook, mode=Mode.VERIFY))


def undo_ansible(step: StepContext) -> None:
    """Undo a step by its own playbook, which accepts that nothing is there."""
    if not step.inputs.undo_playbook:
        step.log("Nothing undoes this playbook.", "warn")
        return
    queue_messages(step, _run(step, step.inputs.undo_playbook))


@dataclass(frozen=True)
class _Gathered:
    """The files of a step's playbook, and what they are run with. Kept in memory only: there are secrets among it."""

    source: str
    playbook: str
    files: Mapping[str, str]
    variables: Mapping[str, Any]
    secrets: Mapping[str, Any]
    surroundings: tuple[ProvisioningSettings, HlrPlace]


@dataclass(frozen=True)
class _Ready:
    """The files of a step's playbook, in a folder, and what they are run with."""

    source: str
    folder: Path
    texts: Sequence[str]
    variables: Mapping[str, Any]
    secrets: Mapping[str, Any]
    surroundings: tuple[ProvisioningSettings, HlrPlace]


def gather_ansible(ctx: Context, step: StepContext) -> _Gathered:
    """All that a run of the step's playbook needs of the database."""
    name, _slash, _word = step.inputs.playbook.partition("/")
    source, files = playbook_files(ctx, name, step.inputs.version)
    variables = queries.run_variables(ctx, step.inputs.line_id, step)
    secrets = queries.run_secrets(ctx, variables, list(files.values()), step)
    surroundings = ctx.settings(ProvisioningSettings), queries.hlr_place(ctx)
    return _Gathered(source, name, files, variables, secrets, surroundings)


def rehearse_ansible(step: StepContext) -> None:
    """Run a step's playbook in Ansible's check mode, which changes nothing and says what it would change.

    Raises CannotTell for a file that declares that check mode is not for it, for one that reads what an earlier step of the job
    has yet to hand over, and where check mode passed over a task.
    """
    gathered: _Gathered = step.gathered
    word = step.inputs.playbook.partition("/")[2]
    if not declared_in(gathered.files).check_mode.get(word, True):
        raise CannotTell(f"{gathered.playbook}/{FILE} says that {word}.yml cannot be run in check mode.")
    texts = versions.texts_among(gathered.files, [word])
    if awaited := not_handed_over(texts, gathered.variables):
        raise CannotTell(f"{step.inputs.playbook} reads {awaited}, which only an earlier step hands over.")
    with _unfolded(gathered) as ready:
        unseen = _play_ready(step, ready, step.inputs.playbook, Mode.REHEARSE).unseen
    if unseen:
        raise CannotTell(_UNSEEN.format(tasks=", ".join(unseen)))


@contextmanager
def _unfolded(gathered: _Gathered) -> Iterator[_Ready]:
    with versions.unfolded(gathered.playbook, gathered.files) as folder:
        yield _Ready(
            gathered.source,
            folder,
            list(gathered.files.values()),
            gathered.variables,
            gathered.secrets,
            gathered.surroundings,
        )


@contextmanager
def _ready(step: StepContext) -> Iterator[_Ready]:
    with step.app.reading() as ctx:
        gathered = gather_ansible(ctx, step)
    with _unfolded(gathered) as ready:
        yield ready


def _once_done(step: StepContext, ready: _Ready) -> _Ready:
    """The same for the playbook's next file, which a moment later reads what the step has handed over; all else is as it was."""
    with step.app.reading() as ctx:
        handed_over = queries.handed_over_secrets(ctx, ready.texts, step)
    return replace(
        ready,
        variables={**ready.variables, "done": plain(step.outputs)},
        secrets={**ready.secrets, **handed_over},
    )


def _run(step: StepContext, reference: str, *, mode: Mode = Mode.DO) -> Mapping[str, Any]:
    with _ready(step) as ready:
        return _run_ready(step, ready, reference, mode=mode)


def _run_ready(
    step: StepContext, ready: _Ready, reference: str, *, mode: Mode = Mode.DO
) -> Mapping[str, Any]:
    outputs = _play_ready(step, ready, reference, mode).outputs
    if step.direction == "undo":
        return outputs
    declared = declared_outputs(ready.folder, step.inputs.playbook.partition("/")[2])
    if mode is Mode.DO or not step.outputs:
        require_declared(reference, declared, outputs)
    return put_away(step, declared, outputs)


def _play_ready(step: StepContext, ready: _Ready, reference: str, mode: Mode) -> Played:
    return play(
        step,
        reference,
        ready.folder / f"{reference.partition('/')[2]}.yml",
        ready.variables,
        ready.secrets,
        ready.surroundings,
        opening=f"Playbook {reference} of {ready.source}.",
        mode=mode,
    )


def play(
    step: StepContext,
    reference: str,
    path: Path,
    variables: Mapping[str, Any],
    secrets: Mapping[str, Any],
    surroundings: tuple[ProvisioningSettings, HlrPlace],
    *,
    opening: str,
    mode: Mode = Mode.DO,
) -> Played:
    """Run one playbook file for a step; `opening` is the first line of its log.

    Raises StepFailed in words. Only with `DO` is something changed; with `VERIFY` it fails where something would be.
    """
    from trunkline_provisioning.fork_server import place_of
    from trunkline_provisioning.run_events import forms
    from trunkline_provisioning.run_folder import folder_root
    from trunkline_provisioning.run_log import RunLog
    from trunkline_provisioning.runner import PlaybookRun, run_playbook

    settings, place = surroundings
    check = mode is not Mode.DO
    step.redact(*(form for text in queries.texts_in(secrets) for form in forms(text)))
    run = PlaybookRun(
        path,
        variables,
        secrets,
        timedelta(seconds=settings.timeout_seconds),
        library.collections(step.app),
        check=check,
    )
    lines, unseen, undone = RunLog(step, check=check), dict[str, None](), list[str]()
    lines.add(Line("info", opening))
    if "hlr" in path.read_text(errors="replace"):
        lines.add(Line("warn" if place.kind == "simulated" else "info", f"{place}."))

    def take(line: Line) -> None:
        if line.data.get("unseen"):
            unseen[str(line.data["task"])] = None
        if mode is Mode.VERIFY and line.data.get("changed"):
            line = _not_done(line)
            undone.append(line.text)
        lines.add(line)

    server = place_of(step.app.config.data, os.getpid())
    for left in reversed(range(1 if check else _runs(step))):
        try:
            result = run_playbook(run, log=take, look=lines.look, is_cancelled=step.cancelled, server=server)
        except OSError as error:
            lines.end()
            why = error.strerror or error
            raise StepFailed(f"The run's folder cannot be kept in {folder_root()}: {why}.") from error
        if result.status != "lost" or not left:
            break
        lines.add(Line("warn", f"{result.problem} Doing it again."))
    if not result.succeeded:
        lines.end()
        raise StepFailed(result.problem)
    if mode is Mode.VERIFY and result.changed:
        lines.end()
        hidden = f"{result.changed} of its tasks, hidden by no_log, would change something"
        found = undone[0] if undone else hidden
        raise StepFailed(f"{reference} found it not done: {found.rstrip('.')}.")
    ended = "found everything as wanted" if mode is Mode.VERIFY else f"ended well, {result.changed} changed"
    lines.add(Line("info", f"Playbook {reference} {ended}."))
    lines.end()
    return Played(result.outputs, tuple(unseen))


def _not_done(line: Line) -> Line:
    """What a look would change, in the words of one that only looks."""
    data = {name: value for name, value in line.data.items() if name not in ("changed", "diff")}
    return replace(line, level="error", text=line.text.replace(": changed", ": not as wanted", 1), data=data)


def _runs(step: StepContext) -> int:
    """How often a run is begun that died without a result: the step's policy decides, as when its worker dies."""
    return 1 if step.direction == "do" and step.policy == Policy.UNDO else _MOST_RUNS


def run_trial(step: StepContext) -> Mapping[str, Any]:
    """Run one file of a playbook for somebody who tries it out."""
    from trunkline_provisioning.trials import variables_of

    inputs: TrialInputs = step.inputs
    with playbook_file(step.app, inputs.playbook, inputs.version) as (source, path):
        opening = f"Playbook {inputs.playbook} of {source}" + (", only looking." if inputs.check else ".")
        with step.app.reading() as ctx:
            texts = list(versions.files_of(path.parent).values())
            variables, secrets = variables_of(ctx, inputs, step, texts)
            surroundings = ctx.settings(ProvisioningSettings), queries.hlr_place(ctx)
        word = inputs.playbook.partition("/")[2]
        mode = Mode.VERIFY if looks(word) else Mode.REHEARSE if inputs.check else Mode.DO
        outputs, unseen = play(
            step, inputs.playbook, path, variables, secrets, surroundings, opening=opening, mode=mode
        )
        if mode is Mode.REHEARSE and unseen:
            step.log(f"Cannot be known before: {_UNSEEN.format(tasks=', '.join(unseen))}", "warn")
        declared = declared_outputs(path.parent, word)
        if mode is Mode.DO:
            say_unsent(step, outputs)
            require_declared(inputs.playbook, declared, outputs)
        return without_secrets(declared, outputs)


STEP_KINDS = (
    StepKind(
        "provisioning.ansible",
        _("Ansible playbook"),
        run_ansible,
        undo_ansible,
        rehearse=rehearse_ansible,
        gather=gather_ansible,
        found=find_ansible,
        newer=newer,
        renew=renew,
        inputs=AnsibleInputs,
        policy=Policy.RESUME,
        # The playbook's own limit is in the settings and never above this.
        timeout=timedelta(hours=2),
    ),
    StepKind(
        "provisioning.trial",
        _("Playbook tried out"),
        run_trial,
        inputs=TrialInputs,
        # What a trial did is looked at by whoever tries; the undo file is tried like any other.
        irreversible=True,
        timeout=timedelta(hours=2),
    ),
    *WELCOMES,
)
