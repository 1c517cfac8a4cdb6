"""A run by the fork server is the same run as by the stock command, only sooner, and nothing of it stays behind either."""

import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.plugins.provisioning.test_runner import HEAD, STUBBORN, folders, stubborn_processes, wait_for
from tests.services.fork_server import fork_server, wait_until_warm
from trunkline_provisioning import runner
from trunkline_provisioning.fork_server import Place, warm
from trunkline_provisioning.process_tree import descendants
from trunkline_provisioning.run_events import Line, PlaybookResult, Story
from trunkline_provisioning.runner import PlaybookRun, run_playbook

pytestmark = pytest.mark.timeout(300)

Compare = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A warm server, as a worker starts it, with a collection of the operator's own."""
    data, own = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("own")
    write_filter(own, times=2)
    with fork_server(data, own) as place:
        yield place


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine keeps a fork waiting longer than a worker waits before it starts the stock command."""
    monkeypatch.setattr(runner, "_SERVER_SECONDS", 90.0)


def write_filter(own: Path, times: int) -> None:
    folder = own / "ansible_collections/operator/own/plugins/filter"
    folder.mkdir(parents=True, exist_ok=True)
    filters = f"{{'several': lambda word: word * {times}}}"
    (folder / "words.py").write_text(
        f"class FilterModule:\n    def filters(self):\n        return {filters}\n"
    )


def own_collections(place: Place | None) -> tuple[Path, ...]:
    """All but those of the wheel."""
    return place.collections[:-1] if place else ()


def server_pid(place: Place) -> int:
    return next(pid for pid in children_of(os.getpid()) if str(place.folder) in command_of(pid))


def command_of(pid: int) -> str:
    """How a process was called; nothing of one that has ended meanwhile."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def children_of(parent: int) -> list[int]:
    """Its living children."""
    found = []
    for pid in descendants(parent):
        # Others than those that a test looks for come and go while it looks.
        with suppress(OSError):
            if int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(pid)
    return found


def keepers() -> list[int]:
    """What keeps runs of this process with the stock command."""
    return [pid for pid in children_of(os.getpid()) if "keeper" in command_of(pid)]


# The same run


PLAYBOOKS = {
    "rescue, loops, includes, roles and vault": """\
    - block:
        - name: It breaks
          ansible.builtin.fail:
            msg: broken
      rescue:
        - name: Looked at
          ansible.builtin.debug:
            msg: "{{ ansible_failed_result.msg }}"
      always:
        - name: In any case
          ansible.builtin.set_stats:
            data: {seen: "{{ ansible_failed_task.name }}"}
    - name: Each
      ansible.builtin.debug:
        msg: "{{ item }} {{ customer.name }}"
      loop: [a, b, c]
      when: item != 'b'
    - name: Again until it is so
      ansible.builtin.set_fact:
        tries: "{{ (tries | default(0) | int) + 1 }}"
      until: tries | int > 1
      retries: 2
      delay: 0
    - ansible.builtin.include_tasks: more.yml
      vars: {word: hello}
    - ansible.builtin.include_role:
        name: greeter
    - name: Unsealed
      ansible.builtin.assert:
        that: sealed == 'opened'
    - name: Warned once
      ansible.builtin.debug:
        msg: "{{ lookup('file', 'nowhere', errors='warn') }}"
  handlers:
    - name: Woken
      ansible.builtin.debug:
        msg: woken
  vars:
    sealed: !vault |
SEALED""",
    "no_log and failures": """\
    - name: Not so bad
      ansible.builtin.command: "false"
      ignore_errors: true
    - name: Hidden
      ansible.builtin.set_fact:
        copied: "{{ secrets.sim.ki }}"
      no_log: true
    - name: Hidden in each
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop: ["{{ secrets.sim.ki }}"]
      no_log: true
    - name: Hidden though it fails
      ansible.builtin.assert:
        that: copied == 'x'
        fail_msg: "{{ copied }}"
      ignore_errors: true
      no_log: true
    - name: Undefined
      ansible.builtin.debug:
        msg: "{{ nobody_knows }}"
    - name: Never reached
      ansible.builtin.debug:
""",
}
OWN_ACTIONS = """\
    - trunkline.telecom.mail: {subject: Hello, text: "{{ customer.name }}"}
    - trunkline.telecom.inventory_pick: {template: sim}
      ignore_errors: true
    - trunkline.telecom.http: {url: "{{ far_end }}/line", body: {plan: fast}}
      register: put
      ignore_errors: true
    - trunkline.telecom.hlr_subscriber: {host: 127.0.0.1, port: 1, imsi: "724011", ki: "{{ secrets.sim.ki }}"}
      no_log: true
      ignore_errors: true
    - ansible.builtin.set_stats:
        data: {put: "{{ put }}"}
"""
#: Whose child a program is that templating starts: one process's when its tasks run in it.
PROCESSES = """\
    - ansible.builtin.set_fact: {first: "{{ lookup('pipe', 'echo $PPID') }}"}
    - ansible.builtin.set_fact: {second: "{{ lookup('pipe', 'echo $PPID') }}"}
    - ansible.builtin.set_fact: {looped: "{{ lookup('pipe', 'echo $PPID') }}"}
      loop: [1]
    - ansible.builtin.set_stats:
        data: {first: "{{ first }}", second: "{{ second }}", looped: "{{ looped }}"}
"""
COPY = """\
    - ansible.builtin.copy: {content: "{{ customer.name }} and more", dest: "{{ folder }}/a", mode: "0640"}
      register: written
"""
#: How a playbook itself asks.
MODE = """\
    - ansible.builtin.debug: {msg: "only looks: {{ ansible_check_mode }}, shows: {{ ansible_diff_mode }}"}
"""
MODULES = f"""\
{COPY}\
    - ansible.builtin.copy: {{content: "{{{{ customer.name }}}} and more", dest: "{{{{ folder }}}}/a", mode: "0640"}}
      register: again
    - ansible.builtin.stat: {{path: "{{{{ folder }}}}/a"}}
      register: there
    - ansible.builtin.file: {{path: "{{{{ folder }}}}/sub/deeper", state: directory}}
      register: folder_made
    - ansible.builtin.uri: {{url: "{{{{ far_end }}}}/ok", method: POST, body: {{a: 1}}, body_format: json}}
      register: posted
    - ansible.builtin.uri: {{url: "{{{{ far_end }}}}/refused"}}
      register: refused
      ignore_errors: true
    - ansible.builtin.uri: {{url: "{{{{ far_end }}}}/ok", wrong: true}}
      register: misused
      ignore_errors: true
    - ansible.builtin.set_stats:
        data:
          results: "{{{{ [written, again, there, folder_made, posted, refused, misused] }}}}"
"""
#: What differs between any two runs.
PASSING = (
    "time",
    "date",
    "elapsed",
    "inode",
    "ctime",
    "mtime",
    "atime",
    "src",
    "delta",
    "start",
    "end",
    "version",
)


class FarEnd(BaseHTTPRequestHandler):
    #: Whether a program of Ansible's making ran below this process when it was asked.
    programs: ClassVar[list[bool]] = []

    def do_POST(self) -> None:
        self.programs.append(any("AnsiballZ" in command_of(pid) for pid in descendants(os.getpid())))
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200)

    def do_GET(self) -> None:
        self._answer(403)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"done": true}')

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def far_end() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), FarEnd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def both_ways(tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Runs tasks by the fork server and by the stock command and compares all that is told about them."""
    told: list[dict[str, Any]] = []
    tell = Story.tell

    def listen(story: Story, event: dict[str, Any]) -> Any:
        told.append(dict(event))
        return tell(story, event)

    monkeypatch.setattr(Story, "tell", listen)
    known = runner.environment
    password = tmp_path / "password"
    password.write_text("secret")
    monkeypatch.setattr(
        runner, "environment", lambda *a: {**known(*a), "ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
    )
    folder = tmp_path / "project"
    (folder / "roles/greeter/tasks").mkdir(parents=True)
    (folder / "roles/greeter/tasks/main.yml").write_text(
        "- name: Greet\n  ansible.builtin.debug: {msg: '{{ 1 + 1 }}'}\n  changed_when: true\n  notify: Woken\n"
    )
    (folder / "more.yml").write_text("- name: Say {{ word }}\n  ansible.builtin.debug: {msg: '{{ word }}'}\n")

    def compare(tasks: str, check: bool = False, **variables: Any) -> list[dict[str, Any]]:
        ends = []
        for server in (None, place):
            target = tmp_path / "target"
            target.mkdir(exist_ok=True)
            (folder / "do.yml").write_text(HEAD + tasks)
            run = PlaybookRun(
                folder / "do.yml",
                {"customer": {"name": "{{ lookup('pipe','id') }}"}, "folder": str(target), **variables},
                {"sim": {"ki": "0F1E2D3C4B5A69788796A5B4C3D2E1F0"}},
                collections=own_collections(place),
                check=check,
            )
            told.clear()
            result = run_playbook(run, log=lambda line: None, server=server)
            assert result.warm == (server is not None)
            end = (result.status, plain(result.outputs), result.changed)
            ends.append((end, [plain(event) for event in told]))
            subprocess.run(["rm", "-rf", str(target)], check=True)
        stock, forked = ends
        assert forked[1] == stock[1]
        assert forked[0] == stock[0]
        assert "uid=" not in json.dumps(stock[1])
        return stock[1]

    return compare


def plain(value: Any) -> Any:
    """The value without what no two runs have in common."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if key not in PASSING and key != "seconds"}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, str) and "/trunkline-run-" in value:
        return value.split("/trunkline-run-")[0]
    return value


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_a_playbook_tells_the_same_both_ways(name: str, both_ways: Compare) -> None:
    told = both_ways(PLAYBOOKS[name].replace("SEALED", sealed("opened")))
    assert any(event["event"] == "playbook_on_stats" for event in told)


def sealed(text: str) -> str:
    from ansible.parsing.vault import VaultLib, VaultSecret

    lines = VaultLib([("default", VaultSecret(b"secret"))]).encrypt(text).decode().splitlines()
    return "".join(f"      {line}\n" for line in lines)


def test_modules_in_the_fork_answer_as_the_stock_ones(both_ways: Compare, far_end: str) -> None:
    told = both_ways(MODULES, far_end=far_end)
    [stats] = [event for event in told if event["event"] == "playbook_on_stats"]
    written, again, _there, _made, posted, refused, misused = stats["outputs"]["results"]
    assert (written["changed"], again["changed"]) == (True, False)
    assert posted["json"] == {"done": True}
    assert (refused["failed"], misused["failed"]) == (True, True)
    assert FarEnd.programs == [True, False]


def test_actions_of_the_collection_tell_the_same_in_ansibles_own_process(
    both_ways: Compare, far_end: str
) -> None:
    told = both_ways(OWN_ACTIONS, far_end=far_end)
    [stats] = [event for event in told if event["event"] == "playbook_on_stats"]
    assert stats["outputs"]["trunkline_messages"][0]["text"] == "{{ lookup('pipe','id') }}"
    assert "403" in stats["outputs"]["put"]["msg"]


def test_short_tasks_share_a_process_and_others_get_their_own(tmp_path: Path, place: Place) -> None:
    (tmp_path / "do.yml").write_text(HEAD + PROCESSES)
    run = PlaybookRun(tmp_path / "do.yml", {}, collections=own_collections(place))
    outputs = run_playbook(run, log=lambda line: None, server=place).outputs
    assert outputs["first"] == outputs["second"] != outputs["looped"]


def test_check_mode_changes_nothing_and_shows_the_same_difference(both_ways: Compare) -> None:
    told = both_ways(COPY + MODE, check=True)
    results = [event["result"] for event in told if event["event"] == "runner_on_ok"]
    assert "and more" in str([result.get("diff") for result in results])
    assert "only looks: True, shows: True" in str(results)


# Nothing stays behind


def stubborn_run(tmp_path: Path, place: Place | None, act: Callable[[], object]) -> PlaybookResult:
    """Runs work that tries to stay, and acts once it is under way."""
    playbook = tmp_path / "do.yml"
    playbook.write_text(HEAD + STUBBORN)
    acted: list[bool] = []

    def look() -> bool:
        if not acted and len(stubborn_processes()) >= 3:
            acted.append(True)
            return bool(act())
        return False

    run = PlaybookRun(playbook, {}, {"sim": {"ki": "x" * 32}}, timedelta(seconds=90), own_collections(place))
    result = run_playbook(run, log=lambda line: None, is_cancelled=look, server=place)
    assert acted
    assert stubborn_processes() == []
    assert folders() == []
    return result


def test_cancel_leaves_no_process(tmp_path: Path, place: Place) -> None:
    assert stubborn_run(tmp_path, place, lambda: True).status == "cancelled"


def below(root: int, *levels: int) -> int:
    """The process so many children below `root`: the first child's second child is `0, 1`."""
    for level in levels:
        root = children_of(root)[level]
    return root


@pytest.mark.parametrize(("who", "levels"), [
    ("keeper", (0,)),
    ("ansible", (0, 0)),
])  # fmt: skip
def test_whoever_of_a_run_is_killed_takes_the_rest_along(
    tmp_path: Path, place: Place, who: str, levels: tuple[int, ...]
) -> None:
    def kill() -> None:
        os.kill(below(server_pid(place), *levels), signal.SIGKILL)

    result = stubborn_run(tmp_path, place, kill)
    assert result.status == ("failed" if who == "ansible" else "lost")
    assert descendants(server_pid(place)) == []


def test_a_killed_keeper_of_the_stock_command_leaves_nothing(tmp_path: Path) -> None:
    def kill() -> None:
        [keeper] = keepers()
        os.kill(keeper, signal.SIGKILL)

    assert stubborn_run(tmp_path, None, kill).status == "lost"


def test_a_killed_worker_leaves_neither_process_nor_folder(tmp_path: Path, place: Place) -> None:
    playbook = tmp_path / "do.yml"
    playbook.write_text(HEAD + STUBBORN)
    program = (
        "import sys; from pathlib import Path; from trunkline_provisioning.runner import *\n"
        "from trunkline_provisioning.fork_server import Place\n"
        "place = Place(Path(sys.argv[2]))\n"
        "run_playbook(PlaybookRun(Path(sys.argv[1]), {}, collections=place.collections[:-1]), log=print, server=place)"
    )
    worker = subprocess.Popen([sys.executable, "-c", program, str(playbook), str(place.folder)])
    try:
        wait_for(lambda: len(stubborn_processes()) >= 3)
        assert folders(worker.pid)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for(lambda: not stubborn_processes() and not folders(worker.pid))


def test_a_server_that_forks_too_late_leaves_the_run_of_the_stock_command_alone(
    tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_SERVER_SECONDS", 0.2)
    playbook = tmp_path / "do.yml"
    playbook.write_text(HEAD + "    - name: First\n      ansible.builtin.debug:\n" * 2)
    halted, kept = server_pid(place), list[bool]()

    def go_on(line: Line) -> None:
        if line.text != "Task “First”" or kept:
            return
        os.kill(halted, signal.SIGCONT)
        # It takes them in their turn: when this one has ended, that of the run was forked.
        with socket.socket(socket.AF_UNIX) as next_one:
            next_one.connect(str(place.socket))
            next_one.shutdown(socket.SHUT_WR)
            assert next_one.recv(1) == b""
        wait_for(lambda: not descendants(halted))
        kept.append(bool(folders()))

    os.kill(halted, signal.SIGSTOP)
    try:
        run = PlaybookRun(playbook, {}, collections=own_collections(place))
        result = run_playbook(run, log=go_on, server=place)
    finally:
        os.kill(halted, signal.SIGCONT)
    assert (result.status, result.warm, kept) == ("successful", False, [True])
    assert folders() == []


# The server itself


def test_the_server_knows_nothing_of_the_workers_environment(place: Place) -> None:
    known = Path(f"/proc/{server_pid(place)}/environ").read_text()
    names = {entry.partition("=")[0] for entry in known.split("\0") if entry}
    assert "HOME=" in known
    assert not [name for name in names if name.startswith("TRUNKLINE_")]
    assert oct(place.socket.stat().st_mode & 0o777) == "0o600"
    assert oct(place.folder.stat().st_mode & 0o777) == "0o700"


def test_another_ansible_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "PROVEN_ANSIBLE", "2.19.0")
    with pytest.raises(warm.Unproven, match=r"proven with 2\.19\.0 only"):
        warm.load()


def test_a_changed_collection_is_seen_and_the_server_begins_anew(tmp_path: Path, place: Place) -> None:
    playbook = tmp_path / "do.yml"
    playbook.write_text(
        HEAD + "    - ansible.builtin.set_stats: {data: {said: \"{{ 'ab' | operator.own.several }}\"}}\n"
    )
    run = PlaybookRun(playbook, {}, collections=own_collections(place))

    def said() -> tuple[bool, object]:
        result = run_playbook(run, log=lambda line: None, server=place)
        return result.warm, result.outputs.get("said", result.problem)

    assert said() == (True, "abab")
    pid = server_pid(place)
    write_filter(own_collections(place)[0], times=3)
    assert said() == (False, "ababab")
    wait_until_warm(place)
    assert said() == (True, "ababab")
    assert server_pid(place) == pid


def test_a_killed_server_takes_its_runs_along_and_the_stock_command_takes_over(
    tmp_path: Path, place: Place
) -> None:
    wait_until_warm(place)

    def kill() -> None:
        os.kill(server_pid(place), signal.SIGKILL)

    assert stubborn_run(tmp_path, place, kill).status == "lost"
    playbook = tmp_path / "do.yml"
    playbook.write_text(HEAD + "    - ansible.builtin.debug:\n")
    result = run_playbook(PlaybookRun(playbook, {}), log=lambda line: None, server=place)
    assert (result.status, result.warm) == ("successful", False)
