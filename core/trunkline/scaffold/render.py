"""Writing a new plugin from the templates beside this file."""

import re
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from trunkline.errors import Refused
from trunkline.loader import RESERVED_NAMES, installed

TEMPLATES = Path(__file__).parent / "template"
#: PostgreSQL cuts names at 63 characters; the longest constraint of the scaffold adds 39 to the plugin's name.
LONGEST_NAME = 24
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def scaffold(name: str, folder: Path) -> Path:
    """Write the plugin `name` into a new folder `trunkline-<name>` of `folder` and return that.

    Raises Refused, naming the remedy, for a name that cannot be used and for a folder that exists.
    """
    _check(name)
    target = folder / f"trunkline-{name.replace('_', '-')}"
    if target.exists():
        raise Refused(f"{target} exists already.", field="name", remedy="Choose another name, or --folder.")
    values = _values(name)
    environment = _environment()
    for template in sorted(TEMPLATES.rglob("*.jinja")):
        place = template.relative_to(TEMPLATES)
        path = target / _place(place, values)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(environment.get_template(place.as_posix()).render(values), encoding="utf-8")
    return target


def _check(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise Refused(
            f"“{name}” is no name for a plugin.",
            field="name",
            remedy=f"Use one or a few short lower-case words, joined by _, up to {LONGEST_NAME} characters: cell_towers.",
        )
    if name in RESERVED_NAMES or name.startswith(("core_", "extension_")):
        raise Refused(f"The name “{name}” belongs to the trunk.", field="name", remedy="Choose another.")
    if name in installed():
        raise Refused(f"There is a plugin “{name}” already.", field="name", remedy="Choose another name.")


def _values(name: str) -> dict[str, str]:
    major, minor = version("trunkline").split(".")[:2]
    # Before 1.0 any minor version may change the contract; afterwards only a major one.
    below = f"0.{int(minor) + 1}" if major == "0" else str(int(major) + 1)
    return {
        "name": name,
        "package": f"trunkline_{name}",
        "distribution": f"trunkline-{name.replace('_', '-')}",
        "word": "".join(part.capitalize() for part in name.split("_")),
        "label": name.replace("_", " ").capitalize(),
        "core_from": f"{major}.{minor}",
        "core_below": below,
    }


def _environment() -> Environment:
    """Delimiters that neither Python nor the plugin's own HTML templates use."""
    return Environment(  # noqa: S701 — it writes source code, not pages
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        variable_start_string="«",
        variable_end_string="»",
        block_start_string="«%",
        block_end_string="%»",
        comment_start_string="«#",
        comment_end_string="#»",
    )


def _place(template: Path, values: dict[str, str]) -> Path:
    parts = list(template.with_suffix("").parts)
    parts[-1] = {"gitignore": ".gitignore"}.get(parts[-1], parts[-1].replace("NAME", values["name"]))
    if parts[0] == "package":
        parts[0] = values["package"]
    return Path(*parts)
