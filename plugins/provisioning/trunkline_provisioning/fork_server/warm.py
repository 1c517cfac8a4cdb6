"""Ansible's inside: loaded and primed once, and set back to its beginning in every fork.

All of this is private to ansible-core, so only the version in `PROVEN_ANSIBLE` is served, after a self-test.
"""

import atexit
import gc
import importlib
import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from trunkline_provisioning.fork_server import PROVEN_ANSIBLE

_PRIMING = Path(__file__).parent / "priming" / "prime.yml"
_OWN_ACTIONS = (
    Path(__file__).parents[1] / "ansible_collections" / "trunkline" / "telecom" / "plugins" / "action"
)
#: What the collection's actions need; loading some of it takes longer than a whole run. A missing one is no fault.
_LIBRARIES = ("httpx2", "netmiko", "paramiko", "pysnmp.hlapi.v3arch.asyncio", "psycopg")
#: Objects that a run makes before they are looked through for garbage.
_YOUNG = 50_000

#: The environment that Ansible read its settings from when it was loaded.
_loaded: dict[str, str] = {}


class Unproven(Exception):
    """Ansible is not as the fork server knows it, so the stock command has to run the playbooks."""


def load() -> None:
    """Import Ansible and play the priming playbook. Raises Unproven, with words for people."""
    from importlib.metadata import version

    found = version("ansible-core")
    if found != PROVEN_ANSIBLE:
        raise Unproven(f"ansible-core is {found}, and the fork server is proven with {PROVEN_ANSIBLE} only.")
    from ansible_runner.utils import get_callback_dir

    # As ansible-runner sets them for each run; some are read when a class is made.
    os.environ["ANSIBLE_CALLBACK_PLUGINS"] = get_callback_dir()
    os.environ["ANSIBLE_STDOUT_CALLBACK"] = "awx_display"
    os.environ["ANSIBLE_RETRY_FILES_ENABLED"] = "False"
    os.environ["ANSIBLE_HOST_KEY_CHECKING"] = "False"
    _loaded.update(os.environ)
    from trunkline_provisioning.devices.http import usual_trust

    try:
        _prime()
    except Unproven:
        raise
    except BaseException as error:  # Ansible also leaves by SystemExit
        raise Unproven(f"The priming playbook failed: {type(error).__name__}: {error}") from error
    for name in _LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)
    usual_trust()
    _settings.note()
    if threading.active_count() != 1:
        names = ", ".join(thread.name for thread in threading.enumerate())
        raise Unproven(f"Ansible left threads running, which no fork survives: {names}.")
    gc.collect()
    # What is loaded stays shared between all forks.
    gc.freeze()


def _prime() -> None:
    from ansible.cli import playbook

    from trunkline_provisioning import keeper  # noqa: F401 — each fork would load it
    from trunkline_provisioning.fork_server import modules, once, tasks

    modules.install()
    tasks.install()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with tempfile.TemporaryDirectory() as folder, _silence():
        os.environ["AWX_ISOLATED_DATA_DIR"] = folder
        argv = ["ansible-playbook", "-i", "localhost,", str(_PRIMING)]
        status = playbook.PlaybookCLI(argv).run()
        _check(status, Path(folder))
        del os.environ["AWX_ISOLATED_DATA_DIR"]
    for number, handler in handlers.items():
        # The run's own would keep it alive, with files whose numbers mean others in a fork.
        signal.signal(number, handler)
    _load_own_actions()
    once.install()
    _set_back()


def _load_own_actions() -> None:
    """Ansible compiles a collection's files in each run that needs them. What fails here fails there again, in words."""
    from ansible.plugins.loader import action_loader

    for path in sorted(_OWN_ACTIONS.glob("*.py")):
        with suppress(Exception):
            action_loader.get(f"trunkline.telecom.{path.stem}", class_only=True)


def _check(status: Any, folder: Path) -> None:
    """The self-test: the priming run ended as it must, by the seams that are used."""
    import json

    ends = [json.loads(file.read_text()) for file in (folder / "job_events").glob("*.json")]
    stats = [event["event_data"] for event in ends if event["event"] == "playbook_on_stats"]
    if status != 0 or len(stats) != 1:
        raise Unproven(f"The priming playbook ended with status {status} and {len(stats)} results.")
    counts = {name: sum(stats[0][name].values()) for name in ("ok", "changed", "rescued", "failures")}
    if counts != {"ok": 4, "changed": 1, "rescued": 1, "failures": 0}:
        raise Unproven(f"The priming playbook ended with {counts}.")


@contextmanager
def _silence() -> Iterator[None]:
    """Nothing of a run in here reaches the output."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _set_back() -> None:
    """Undo what a run leaves in the process: its arguments, its vault, what it has said once already."""
    import multiprocessing

    import ansible.cli
    from ansible.parsing.vault import VaultSecretsContext
    from ansible.utils import vars as variables
    from ansible.utils.context_objects import GlobalCLIArgs
    from ansible.utils.display import Display

    # The finder of collections is installed; Ansible would install it once more.
    ansible.cli.init_plugin_loader = lambda *_arguments, **_options: None
    type.__setattr__(GlobalCLIArgs, "_Singleton__instance", None)
    VaultSecretsContext._current = None
    for kept in ("options_vars", "extra_vars"):
        # Else `ansible_check_mode` would say of every run what was so of the priming.
        vars(getattr(variables, f"load_{kept}")).pop(kept, None)
    # Asking lets go of those that have ended, with their pipes.
    multiprocessing.active_children()
    display = Display()
    display._deprecations, display._warns, display._errors = set(), set(), set()


def play(argv: Sequence[str], environment: Mapping[str, str], folder: str) -> int:
    """Be `ansible-playbook` in this process, which must be a fork; returns its exit status."""
    from ansible.cli.playbook import PlaybookCLI
    from ansible.utils import vars as variable_names

    from trunkline_provisioning.fork_server import once

    # A run is short, and a collection would only copy pages that all forks share.
    gc.set_threshold(_YOUNG)
    atexit._clear()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGIO, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL if number != signal.SIGINT else signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = list(argv)
    once.note(argv)
    _settings.read(environment)
    # Names that must differ between runs.
    variable_names.random_int, variable_names.cur_id = f"{secrets.randbelow(1 << 32):08x}", 0
    if (events := sys.modules.get("ansible.plugins.callback.awx_display")) is not None:
        events.event_context.cache = events.IsolatedFileWrite()
    status: Any = 250
    try:
        PlaybookCLI.cli_executor(list(argv))
    except SystemExit as end:
        status = end.code or 0
    atexit._run_exitfuncs()
    return int(status)


class _Settings:
    """Which of Ansible's settings a run has to read again; asking all of them takes 30 ms and touches memory that forks share."""

    def __init__(self) -> None:
        self._by_variable: dict[str, list[str]] = {}
        #: Those below the home of who loaded them.
        self._at_home: dict[str, str | list[str]] = {}

    def note(self) -> None:
        """Look at them once, where they are loaded."""
        from ansible import constants

        home = os.environ["HOME"]
        for name, definition in constants.config.get_configuration_definitions().items():
            for entry in definition.get("env") or ():
                self._by_variable.setdefault(entry["name"], []).append(name)
            value: Any = getattr(constants, name, None)
            if home in str(value):
                self._at_home[name] = value

    def read(self, environment: Mapping[str, str]) -> None:
        """Make them what they would be had Ansible been started with this environment."""
        from ansible import constants

        constants.config._config_file = environment.get("ANSIBLE_CONFIG") or constants.config._config_file
        constants.set_constant("CONFIG_FILE", constants.config._config_file)
        changed = {name for name in {*_loaded, *environment} if _loaded.get(name) != environment.get(name)}
        names = {setting for name in changed for setting in self._by_variable.get(name, ())}
        homes = _loaded["HOME"], environment["HOME"]
        for name, value in self._at_home.items():
            moved = (
                value.replace(*homes) if isinstance(value, str) else [path.replace(*homes) for path in value]
            )
            constants.set_constant(name, moved)
        for name in names:
            value = constants.config.get_config_value(name, variables=vars(constants))
            constants.set_constant(name, value)


_settings = _Settings()
