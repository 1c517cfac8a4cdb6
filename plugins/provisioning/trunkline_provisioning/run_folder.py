"""The private folder of one run: in memory where there is memory for it, readable by its owner only, always deleted."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX, SERVER_PREFIX = "trunkline-run-", "trunkline-fork-"
VARIABLES, SECRETS = "variables.json", "secrets.json"
#: What the keeper and ansible-runner had to say when they failed.
COMPLAINT = "complaint"

#: What a run may be told, at the top. Everything of an order lies below these, so that no order can name a variable that Ansible
#: itself obeys (`ansible_connection`, `ansible_python_interpreter`, `ansible_become_…`).
TOP_LEVEL = re.compile(r"(?!ansible_)[a-z][a-z0-9_]*")
RESERVED = frozenset(
    "environment environ group_names groups hostvars inventory_dir inventory_file inventory_hostname "
    "inventory_hostname_short lookup omit play_hosts playbook_dir query role_name role_names role_path vars".split()
)

_SETTINGS = {
    # Seconds between two looks at the running command; the default of 5 makes every end late.
    "pexpect_timeout": 0.5,
    "suppress_output_file": True,
    "suppress_ansible_output": True,
}


def folder_root() -> Path:
    """Where run folders lie: memory, or the temporary folder where there is none."""
    memory = Path("/dev/shm")  # noqa: S108 — a folder in it is made with mode 0700
    return memory if os.access(memory, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


@dataclass(frozen=True)
class RunFolder:
    """One run's folder, to be used as `with RunFolder.make(…) as folder`."""

    path: Path

    @classmethod
    def make(cls, variables: Mapping[str, Any], secrets: Mapping[str, Any]) -> "RunFolder":
        """A fresh folder (0700) with both files (0600). Raises ValueError for a name that Ansible itself would obey."""
        refuse_reserved(variables)
        path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=folder_root()))
        folder = cls(path)
        try:
            for name in ("env", "home", "tmp"):
                (path / name).mkdir(mode=0o700)
            # ansible-runner drops its `settings` argument when it may write no env files, so it gets the file it looks for.
            folder.write("env/settings", _SETTINGS)
            folder.write("ansible.cfg", "")
            folder.write(VARIABLES, as_data(variables))
            folder.write(SECRETS, {"secrets": as_data(secrets)})
        except BaseException:  # whatever it was, it goes on up
            folder.delete()
            raise
        return folder

    def write(self, name: str, content: Any) -> None:
        """A file that only its owner reads."""
        text = content if isinstance(content, str) else json.dumps(content)
        descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    def forget_secrets(self) -> None:
        """Delete the secrets once Ansible has read them, which it does before it reports its start."""
        (self.path / SECRETS).unlink(missing_ok=True)

    def delete(self) -> None:
        """Remove everything; again is fine."""
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> "RunFolder":
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()


def refuse_reserved(variables: Mapping[str, Any]) -> None:
    """Raise ValueError unless every top-level name is a plain word that means nothing to Ansible."""
    for name in variables:
        if not TOP_LEVEL.fullmatch(name) or name in RESERVED or name == "secrets":
            raise ValueError(f"a run cannot be given a variable called {name!r}")


def as_data(value: Any) -> Any:
    """The value as JSON in which every text is marked as data: Ansible never reads such a text as a template."""
    if isinstance(value, Mapping):
        for key in value:
            if str(key).startswith("__ansible"):
                raise ValueError(f"a variable cannot hold the key {key!r}")
        return {str(key): as_data(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_data(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return {"__ansible_unsafe": str(value)}


def sweep() -> int:
    """Delete folders of runs and of fork servers whose worker is gone; returns how many. Called when a worker starts."""
    swept = 0
    owners = [(path, path.name.split("-")[2]) for path in folder_root().glob(f"{PREFIX}*-*")]
    owners += [(path, path.name.split("-")[-1]) for path in folder_root().glob(f"{SERVER_PREFIX}*-*")]
    for path, owner in owners:
        with suppress(OSError, ValueError):
            if path.lstat().st_uid == os.getuid() and not Path(f"/proc/{int(owner)}").exists():
                shutil.rmtree(path, ignore_errors=True)
                swept += 1
    return swept
