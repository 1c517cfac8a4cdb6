"""What a clone promises: complete locks, one portable start script, and wheels that hold all their files."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = sorted([ROOT / "core/pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")])
LOCKS = ("requirements.lock", "requirements-dev.lock")


def _manifest(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text())


def _project(path: Path) -> dict[str, object]:
    project = _manifest(path)["project"]
    assert isinstance(project, dict)
    return project


def _requirements(project: dict[str, object]) -> list[Requirement]:
    dependencies = project["dependencies"]
    assert isinstance(dependencies, list)
    return [Requirement(line) for line in dependencies]


def _pins(lock: str) -> Iterator[tuple[Requirement, list[str]]]:
    """Yield every pinned requirement of a lock with its hashes."""
    for entry in re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip()):
        pin, *hashes = re.split(r"\s*\\\n\s+--hash=", entry)
        yield Requirement(pin), hashes


WORKSPACE = {str(_project(path)["name"]) for path in MANIFESTS}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_exactly_and_with_hashes(lock: str) -> None:
    for pin, hashes in _pins(lock):
        assert [clause.operator for clause in pin.specifier] == ["=="], pin
        assert hashes, f"{pin} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), pin


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_folder(lock: str) -> None:
    assert not re.search(r"://|^-|^\.|@ ", (ROOT / lock).read_text(), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_lock_holds_every_dependency_of_every_wheel(manifest: Path, lock: str) -> None:
    pins = {canonicalize_name(pin.name): pin for pin, _ in _pins(lock)}
    for wanted in _requirements(_project(manifest)):
        if wanted.name in WORKSPACE:
            continue
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin is not None, f"{wanted.name} is not in {lock}: ./run lock"
        version = next(iter(pin.specifier)).version
        assert wanted.specifier.contains(version), f"{lock} has {pin}, wanted is {wanted}: ./run lock"


def test_the_development_lock_holds_its_group_and_the_same_versions() -> None:
    production = {str(pin) for pin, _ in _pins("requirements.lock")}
    development = {str(pin) for pin, _ in _pins("requirements-dev.lock")}
    groups = _manifest(ROOT / "pyproject.toml")["dependency-groups"]
    assert isinstance(groups, dict)
    names = {canonicalize_name(Requirement(pin).name) for pin in development}
    assert {canonicalize_name(Requirement(line).name) for line in groups["dev"]} <= names
    assert production <= development


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_holds_what_its_packages_need(python: str) -> None:
    """With --require-hashes an installer may add nothing, so the lock is closed over its own requirements."""
    pins = {
        canonicalize_name(pin.name): pin for pin, _ in _pins("requirements.lock") if _applies(pin, python, "")
    }
    waiting = [wanted for manifest in MANIFESTS for wanted in _requirements(_project(manifest))]
    seen = set()
    while waiting:
        wanted = waiting.pop()
        if wanted.name in WORKSPACE or str(wanted) in seen:
            continue
        seen.add(str(wanted))
        assert canonicalize_name(wanted.name) in pins, f"Python {python}: {wanted} is not locked: ./run lock"
        for extra in ("", *wanted.extras):
            needs = map(Requirement, metadata.requires(wanted.name) or ())
            waiting += [need for need in needs if _applies(need, python, extra)]


def _applies(wanted: Requirement, python: str, extra: str) -> bool:
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": extra}
    return wanted.marker is None or wanted.marker.evaluate(environment)


def test_plugins_state_the_core_they_were_made_for() -> None:
    for manifest in MANIFESTS:
        project = _project(manifest)
        if project["name"] == "trunkline":
            continue
        siblings = {
            wanted.name: str(wanted.specifier)
            for wanted in _requirements(project)
            if wanted.name in WORKSPACE
        }
        assert siblings["trunkline"] == "<0.2,>=0.1", project["name"]
        assert set(siblings.values()) == {"<0.2,>=0.1"}, project["name"]


#: Constructs that bash and zsh know and a POSIX shell does not.
BASHISMS = {
    "[[": r"\[\[",
    "function": r"^\s*function\s",
    "local": r"^\s*(local|declare|typeset)\s",
    "here string": r"<<<",
    "source": r"^\s*source\s",
    "== in test": r"\[ [^]]*==",
    "array": r"^\s*\w+=\(|\$\{\w+\[",
    "&>": r"&>",
    "$'…'": r"(^|\s)\$'",
    "substitution in ${}": r"\$\{\w+(//?[^}]|:\d|\^|,)",
    "echo with options": r"\becho -",
    "pipefail": r"pipefail",
    "process substitution": r"[<>]\(",
}


def test_run_is_posix_sh() -> None:
    script = ROOT / "run"
    text = script.read_text()
    assert text.startswith("#!/bin/sh\n")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found = [name for name, pattern in BASHISMS.items() if re.search(pattern, code, re.MULTILINE)]
    assert not found
    for shell in filter(shutil.which, ("sh", "dash", "busybox")):
        command: list[str | Path] = (
            [shell, "sh", "-n", script] if shell == "busybox" else [shell, "-n", script]
        )
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{shell}: {done.stderr}"


def test_run_says_which_python_it_wants(tmp_path: Path) -> None:
    shutil.copy(ROOT / "run", tmp_path)
    for name in ("requirements.lock", "core/pyproject.toml", "plugins/catalog/pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    environment = {"PATH": os.environ["PATH"], "TRUNKLINE_PYTHON": "/bin/false"}
    done = subprocess.run([tmp_path / "run", "--help"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "TRUNKLINE_PYTHON=/bin/false is not a Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.parent.name)
def test_a_wheel_holds_every_file_of_its_package(manifest: Path, tmp_path: Path) -> None:
    """Templates, static files, migrations, catalogues and playbooks, whether tracked by git or built."""
    name = str(_project(manifest)["name"]).replace("-", "_")
    wheel = _build_wheel(manifest.parent, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
        entry_points = archive.read(
            f"{name}-{_project(manifest)['version']}.dist-info/entry_points.txt"
        ).decode()
    package = manifest.parent / name
    files = {
        str(path.relative_to(manifest.parent))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files - packed == set()
    assert any(path.endswith("/licenses/LICENSE") for path in packed)
    expected = "trunkline.__main__:main" if name == "trunkline" else f"{name}.plugin:plugin"
    assert expected in entry_points


def test_the_front_end_is_built_again_when_somebody_names_a_new_icon_or_class(tmp_path: Path) -> None:
    functions, found, _commands = (ROOT / "run").read_text().partition("# --- what was asked for")
    assert found
    outline = tmp_path / "assets/node_modules/@tabler/icons/icons/outline"
    page = tmp_path / "core/trunkline/templates/page.html"
    code = tmp_path / "plugins/shop/pages.py"
    for file in (
        tmp_path / "core/trunkline/static/icons.svg",
        page,
        code,
        outline / "bell.svg",
        outline / "star.svg",
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (tmp_path / "assets/package-lock.json").write_text("{}")
    (tmp_path / "assets/node_modules/.trunkline-words").write_text("card\ncard-stamp\n")
    macros, part = tmp_path / "core/trunkline/web/cells.py", page.with_name("part.html")
    macros.parent.mkdir()
    macros.touch()
    part.touch()
    script = tmp_path / "run"
    script.write_text(
        functions
        + 'case $1 in build) printf "%s\\n" "$(assets_stamp)" "$(names_stamp)" >"$root/assets/.built" ;;\n'
        "*) assets_are_current ;; esac\n"
    )

    def is_current() -> bool:
        return subprocess.run(["sh", script, "look"], stderr=subprocess.DEVNULL).returncode == 0

    assert not is_current()
    for file, text in (
        (page, '{{ ui.icon("bell") }}'),
        (code, 'Tab(icon="star")'),
        (part, '<p class="card-stamp">'),
        (macros, "Markup('<p class=card>')"),
    ):
        subprocess.run(["sh", script, "build"], check=True)
        assert is_current()
        file.write_text('a "word" that is no icon')
        assert is_current(), "a build for nothing takes ten seconds"
        file.write_text(text)
        assert not is_current(), text


def test_the_core_wheel_holds_the_built_front_end(tmp_path: Path) -> None:
    with zipfile.ZipFile(_build_wheel(ROOT / "core", tmp_path)) as archive:
        static = [name for name in archive.namelist() if name.startswith("trunkline/static/")]
    assert any(name.endswith(".css") for name in static)
    assert any(name.endswith(".js") for name in static)


def _build_wheel(folder: Path, target: Path) -> Path:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        pytest.skip("uv is not here; `./run test` installs it where it can be had.")
    done = subprocess.run(
        [uv, "build", "--wheel", "--offline", "--python", sys.executable, "-o", target, folder],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return next(target.glob("*.whl"))
