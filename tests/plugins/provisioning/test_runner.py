"""A playbook runs, or fails, or is stopped; nothing of it stays behind and no secret gets out."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from trunkline_provisioning import runner
from trunkline_provisioning.process_tree import descendants
from trunkline_provisioning.run_events import Line, PlaybookResult
from trunkline_provisioning.run_folder import PREFIX, RunFolder, folder_root, sweep
from trunkline_provisioning.runner import PlaybookRun, run_playbook

SECRET = "0F1E2D3C4B5A69788796A5B4C3D2E1F0"
ODD_NAME = "{{ lookup('pipe','id') }} Ltda"
HEAD = "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"

Play = Callable[..., tuple[PlaybookResult, list[Line]]]


def folders(owner: int | None = None) -> list[Path]:
    return sorted(folder_root().glob(f"{PREFIX}{owner or os.getpid()}-*"))


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Runs the given tasks to their end."""

    def run(
        tasks: str,
        *,
        watch: Callable[[Line], None] = lambda line: None,
        cancelled: Callable[[], bool] = lambda: False,
        timeout: float = 60,
    ) -> tuple[PlaybookResult, list[Line]]:
        playbook = tmp_path / "do.yml"
        playbook.write_text(HEAD + tasks)
        lines: list[Line] = []

        def log(line: Line) -> None:
            lines.append(line)
            watch(line)

        order = PlaybookRun(
            playbook,
            {
                "customer": {"name": ODD_NAME},
                "parameters": {"ansible_connection": "ssh", "nested": [ODD_NAME]},
            },
            {"sim": {"ki": SECRET}},
            timedelta(seconds=timeout),
        )
        return run_playbook(order, log=log, is_cancelled=cancelled), lines

    return run


def test_values_are_data_outputs_come_back_and_no_secret_is_found_anywhere(play: Play) -> None:
    seen: list[str] = []

    def look_around(line: Line) -> None:
        places = [(root, names) for folder in folders() for root, _, names in os.walk(folder)]
        for file in (Path(root, name) for root, names in places for name in names):
            # A file may be gone between being listed and being read; then nobody else can read it either.
            with suppress(FileNotFoundError):
                seen.append(f"{file} {file.read_text(errors='replace')}")
        for pid in descendants(os.getpid()):
            for name in ("cmdline", "environ"):
                try:
                    seen.append(Path(f"/proc/{pid}/{name}").read_text(errors="replace"))
                except OSError:
                    continue

    os.environ["TRUNKLINE_SAMPLE_TOKEN"] = SECRET
    try:
        result, lines = play(
            """\
    - name: Greet
      ansible.builtin.debug:
        msg: "hello {{ customer.name }} and {{ parameters.nested[0] }}"
    - name: Use the key
      ansible.builtin.set_fact:
        proof: "{{ secrets.sim.ki | length }}"
        copied: "{{ secrets.sim.ki }}"
      no_log: true
    - name: Hand over
      ansible.builtin.set_stats:
        data:
          length: "{{ proof }}"
          careless: "key {{ secrets.sim.ki | lower }}"
""",
            watch=look_around,
        )
    finally:
        del os.environ["TRUNKLINE_SAMPLE_TOKEN"]
    assert result.status == "successful", result.problem
    assert result.outputs == {"length": 32, "careless": "key •••"}
    texts = "\n".join(line.text for line in lines)
    assert f"hello {ODD_NAME} and {ODD_NAME}" in texts
    assert "uid=" not in texts
    assert seen, "the run was looked at while it ran"
    everything = "\n".join([*seen, texts, repr(result)])
    assert SECRET not in everything
    # What a playbook hands out passes through ansible-runner's event files, in memory and gone once read.
    kept = [what for what in seen if "/job_events/" not in what.partition(" ")[0]]
    assert SECRET.lower() not in "\n".join([*kept, texts, repr(result)]).replace("key •••", "")
    assert folders() == []


def test_a_failure_that_a_rescue_hides_is_a_failure_all_the_same(play: Play) -> None:
    result, lines = play(
        """\
    - block:
        - name: Bring up the port
          ansible.builtin.fail:
            msg: "port locked, key {{ secrets.sim.ki }}"
      rescue:
        - name: Tidy up
          ansible.builtin.debug:
            msg: tidied
"""
    )
    assert result.status == "failed"
    assert "Bring up the port" in result.problem
    assert "rescued by the playbook" in result.problem
    assert SECRET not in result.problem
    failed = [line for line in lines if line.level == "error"]
    assert [line.data["task"] for line in failed] == ["Bring up the port"]
    assert result.outputs == {}


def test_the_item_that_failed_is_named(play: Play) -> None:
    result, _ = play(
        """\
    - name: Each port
      ansible.builtin.assert:
        that: item == "1/1"
        fail_msg: "port {{ item }} is down"
      loop: ["1/1", "1/2"]
"""
    )
    assert result.status == "failed"
    assert "[1/2]" in result.problem
    assert "port 1/2 is down" in result.problem


#: Seconds as no other process of the machine sleeps: several workers of pytest look at such work at the same time.
_AGES = str(100_000_000 + os.getpid())
STUBBORN = f"""\
    - name: Long work
      ansible.builtin.shell: "setsid sleep {_AGES} & sleep {_AGES}"
"""


def stubborn_processes() -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if _AGES.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_cancel_leaves_no_process_not_even_one_in_a_session_of_its_own(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Killed at once: giving a keeper up that does not end would take longer than this test may.
    monkeypatch.setattr(runner, "_GRACE_SECONDS", 3600.0)
    result, _ = play(STUBBORN, cancelled=lambda: len(stubborn_processes()) >= 3, timeout=90)
    assert result.status == "cancelled"
    assert stubborn_processes() == []
    assert folders() == []


def test_what_takes_too_long_is_stopped_and_says_so(play: Play) -> None:
    result, _ = play(STUBBORN, timeout=3)
    assert result.status == "timed_out"
    assert "3 s" in result.problem
    assert stubborn_processes() == []
    assert folders() == []


def test_a_killed_worker_leaves_neither_process_nor_folder(tmp_path: Path) -> None:
    playbook = tmp_path / "do.yml"
    playbook.write_text(HEAD + STUBBORN)
    program = (
        "import sys; from pathlib import Path; from trunkline_provisioning.runner import *\n"
        "run_playbook(PlaybookRun(Path(sys.argv[1]), {}, {'sim': {'ki': 'x' * 32}}), log=lambda line: None)"
    )
    worker = subprocess.Popen([sys.executable, "-c", program, str(playbook)])
    try:
        wait_for(lambda: len(stubborn_processes()) >= 3)
        assert folders(worker.pid)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for(lambda: not stubborn_processes() and not folders(worker.pid))


def wait_for(condition: Callable[[], bool], within: float = 90) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    "name", ["ansible_connection", "ansible_python_interpreter", "hostvars", "secrets", "Customer", "a b"]
)
def test_no_variable_can_be_named_so_that_ansible_obeys_it(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be given a variable called"):
        RunFolder.make({name: "x"}, {})
    assert folders() == []


def test_a_key_that_ansible_would_read_as_a_mark_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold the key"):
        RunFolder.make({"parameters": {"__ansible_vault": "x"}}, {})
    assert folders() == []


def test_the_folder_is_its_owners_alone_and_a_dead_workers_is_swept() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with RunFolder.make({"customer": {"name": "x"}}, {"sim": {"ki": SECRET}}) as folder:
        modes = {
            path.name: oct(path.stat().st_mode & 0o777) for path in (folder.path, *folder.path.iterdir())
        }
        orphan = folder.path.parent / f"{PREFIX}{ended.pid}-orphan"
        orphan.mkdir()
        sweep()
        assert not orphan.exists()
        assert folder.path.exists()
    assert modes[folder.path.name] == "0o700"
    assert modes["variables.json"] == modes["secrets.json"] == "0o600"
    assert not folder.path.exists()
