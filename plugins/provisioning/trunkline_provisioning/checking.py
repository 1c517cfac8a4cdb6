"""Whether playbooks can be run: YAML, our rules and Ansible's own syntax check, with file and line of what is wrong."""

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline_provisioning.declaring import FILE, WORD, Unreadable, contradictions, looks
from trunkline_provisioning.library import Playbook
from trunkline_provisioning.linting import Finding, lint
from trunkline_provisioning.syntax_check import FORGETFUL, Problem, SyntaxCheck

#: What was found, by the content of the folders looked at; Ansible takes a second or two to look.
_known: dict[str, list[Problem]] = {}


def check_playbook(path: Path, syntax: SyntaxCheck = FORGETFUL) -> list[Problem]:
    """Problems of a playbook file, or of every `.yml` in a folder. Raises Refused when there is no such file."""
    files = sorted(path.glob("*.yml")) if path.is_dir() else [path]
    if len(files) > 1:
        # Others look at it with them.
        files = [file for file in files if file.name != FILE]
    if not files or not files[0].is_file():
        raise Refused(
            _("There is no playbook at {path}.", path=str(path)),
            field="path",
            remedy=_("Name a .yml file, or a folder that has some."),
        )
    return check_files(files, syntax)


def check_files(files: Sequence[Path], syntax: SyntaxCheck) -> list[Problem]:
    """Problems of several playbook files; an answer is kept until something in their folders changes."""
    key = _fingerprint(files)
    if key not in _known and _whole_is_sound(files):
        _known[key] = []
    if key not in _known:
        problems = own_problems(files)
        played = [file for file in files if file.name != FILE]
        _known[key] = problems or (syntax.problems(played) if played else [])
    return _known[key]


def _whole_is_sound(files: Sequence[Path]) -> bool:
    """Whether all files of the folder were looked at together, and nothing was wrong."""
    [folder, *others] = {file.parent for file in files}
    whole = Playbook(folder.name, folder, "")
    return not others and _known.get(_fingerprint([whole.path(word) for word in whole.files])) == []


def own_problems(files: Sequence[Path]) -> list[Problem]:
    """What is wrong with several files, and with what their folders declare, without asking Ansible."""
    found = [problem for file in files if file.name != FILE for problem in _own_problems(file)]
    schemas = (folder / FILE for folder in sorted({file.parent for file in files}))
    return [*found, *(problem for schema in schemas for problem in _schema_problems(schema))]


def _schema_problems(schema: Path) -> list[Problem]:
    """What is wrong with a declaration, which may be absent."""
    if not schema.is_file():
        return []
    words = {path.stem for path in schema.parent.glob("*.yml")} - {WORD}
    try:
        return [Problem(schema, line, message) for line, message in contradictions(schema.read_text(), words)]
    except Unreadable as error:
        return [Problem(schema, error.line, error.message)]
    except (OSError, ValueError) as error:
        return [Problem(schema, 0, str(error))]


def check_ahead(groups: Sequence[Sequence[Path]], syntax: SyntaxCheck) -> None:
    """Look at the files of several playbooks by one start of Ansible, so that `check_files` answers at once for each."""
    groups = [files for files in groups if _fingerprint(files) not in _known]
    if not groups:
        return
    keys = [_fingerprint(files) for files in groups]
    everything = [file for files in groups for file in files]
    if own_problems(everything) or syntax.problems(everything):
        for files in groups:
            check_files(files, syntax)
    else:
        _known.update((key, []) for key in keys)


def check_text(name: str, text: str, syntax: SyntaxCheck, beside: Path | None = None) -> list[Problem]:
    """Problems of a text that is not saved yet, as the file `name` in the folder `beside` would have them."""
    with tempfile.TemporaryDirectory(prefix="playbook-") as place:
        folder = Path(place)
        if beside is not None:
            shutil.copytree(beside, folder, dirs_exist_ok=True)
        file = folder / name
        file.write_text(text)
        problems = _schema_problems(file) if name == FILE else _own_problems(file)
        if name != FILE and not problems:
            problems = syntax.problems([file])
    return [replace(problem, file=Path(problem.file.name)) for problem in problems]


def findings(file: Path) -> list[Finding]:
    """What our rules say of a file, warnings among them. A file that cannot be read gives none."""
    try:
        return lint(file.read_text(), only_looks=looks(file.stem)) if file.name != FILE else []
    except (OSError, ValueError):
        return []


def undo_of(word: str) -> str:
    """The file that undoes another: `undo` for `do`, `resume` for `suspend`, `undo_change` for `change`; nothing for what undoes
    or only looks."""
    if word in _UNDONE_BY:
        return _UNDONE_BY[word]
    return "" if word.startswith("undo_") or looks(word) or word == WORD else f"undo_{word}"


_UNDONE_BY = {"do": "undo", "undo": "", "suspend": "resume", "resume": "suspend", "terminate": "do"}


def require_sound(playbook: Playbook, words: Sequence[str], syntax: SyntaxCheck) -> None:
    """Raise Refused naming file and line unless the named files of the playbook can be read."""
    problems = check_files([playbook.path(word) for word in words], syntax)
    if problems:
        raise Refused(
            _(
                "The playbook {name} cannot be run: {problem}",
                name=playbook.name,
                problem=problems[0].within(playbook.name),
            ),
            field="playbook",
            remedy=_(
                "Correct it under Playbooks; trunkline playbook check {name} checks it.", name=playbook.name
            ),
        )


def _fingerprint(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file}\0".encode())
    for folder in sorted({file.parent for file in files}):
        for inner in sorted(folder.rglob("*")):
            if inner.is_file():
                facts = inner.stat()
                digest.update(f"{inner}\0{facts.st_mtime_ns}\0{facts.st_size}\0".encode())
    return digest.hexdigest()


def _own_problems(file: Path) -> list[Problem]:
    """What is wrong without asking Ansible."""
    return _yaml_problems(file) or [
        Problem(file, finding.line, finding.message) for finding in findings(file) if finding.level == "error"
    ]


def _yaml_problems(file: Path) -> list[Problem]:
    import yaml

    from trunkline_provisioning.linting import quick_loader

    try:
        text = file.read_text()
        with suppress(yaml.YAMLError):
            _parse(text, quick_loader())
            return []
        # Once more for the words: these name places that the quick one leaves out.
        _parse(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        # A key without its colon is noticed on the next line; the context is where it begins.
        lacks_colon = "expected ':'" in (error.problem or "")
        mark = (error.context_mark if lacks_colon else None) or error.problem_mark
        return [
            Problem(
                file, mark.line + 1 if mark else 0, " ".join(filter(None, (error.context, error.problem)))
            )
        ]
    except (OSError, ValueError, yaml.YAMLError) as error:
        return [Problem(file, 0, str(error))]
    return []


def _parse(text: str, loader: type[Any]) -> None:
    """Parsed only, nothing is constructed: tags such as !vault are Ansible's business."""
    import yaml

    for _event in yaml.parse(text, Loader=loader):
        pass
