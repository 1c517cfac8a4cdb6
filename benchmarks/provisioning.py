"""`./run bench provisioning`: playbooks beside the bare `ansible-playbook`, and the way from a click to active.

Ratios: the same playbooks by the bare `ansible-playbook` and by the fork server, in random order in every round; the ratio of
each round counts. The rest is a whole system that serves: clicks, queued orders, wake-ups, and events on the page. Ratios hold
on a busy machine; times are those of an idle one, so the load is printed beside them. The last line printed is one JSON object.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import Figure, all_kept, figure, show

if TYPE_CHECKING:
    from trunkline_provisioning.fork_server import Place

_HEAD = "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
_FACT = '    - ansible.builtin.set_fact: {{fact_{0}: "{{{{ line.number }}}} {0}"}}\n'
_PLAYBOOKS = {
    # A job as the samples have it: actions of the collection, and what it hands over.
    "six tasks": """\
    - ansible.builtin.set_fact: {url: "{{ far_end }}/lines/{{ line.number }}"}
    - ansible.builtin.assert: {that: line.number is match('F'), quiet: true}
    - trunkline.telecom.http: {url: "{{ url }}", body: {plan: "{{ line.plan }}"}}
    - trunkline.telecom.http: {url: "{{ url }}/features", body: {roaming: true, voice_mail: false}}
    - trunkline.telecom.http: {url: "{{ url }}", body: {bar_outgoing: false}, update: PATCH}
    - ansible.builtin.set_stats: {data: {url: "{{ url }}"}}
""",
    "stock uri and copy": """\
    - ansible.builtin.set_fact: {url: "{{ far_end }}/lines/{{ line.number }}"}
    - ansible.builtin.uri: {url: "{{ url }}", method: PUT, body: {plan: "{{ line.plan }}"}, body_format: json}
      register: answer
    - ansible.builtin.copy: {content: "{{ line.number }}\\n", dest: "{{ folder }}/{{ line.number }}", mode: "0600"}
    - ansible.builtin.assert: {that: answer.status == 200, quiet: true}
""",
    "20 tasks": "".join(_FACT.format(number) for number in range(20)),
}
_LIMITS = {"six tasks": 0.35, "stock uri and copy": 0.30, "20 tasks": 0.75}


def main() -> int:
    """Measure, print, and return 1 when a limit is not kept."""
    from benchmarks import provisioning_line

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="of both ways, for the ratios")
    parser.add_argument("--orders", type=int, default=60, help="queued at once; the limit speaks of 1000")
    parser.add_argument("--postgres", default=os.environ.get("TRUNKLINE_TEST_POSTGRES", ""), help="server")
    parser.add_argument("--only", choices=("ratios", "sqlite", "postgres"), help="one part instead of all")
    chosen = parser.parse_args()
    print(
        f"load of this machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True
    )
    figures: list[Figure] = []
    if chosen.only in (None, "ratios"):
        figures += _ratios(chosen.rounds)
    if chosen.only in (None, "sqlite"):
        figures += provisioning_line.measured("sqlite", chosen.orders)
    if chosen.postgres and chosen.only in (None, "postgres"):
        os.environ["TRUNKLINE_TEST_POSTGRES"] = chosen.postgres
        figures += provisioning_line.measured("postgres", chosen.orders if chosen.only else 0)
    print(f"load at the end: {os.getloadavg()[0]:.1f}")
    show(figures)
    return 0 if all_kept(figures) else 1


class _Elements(BaseHTTPRequestHandler):
    """A network that keeps whatever is put at an address."""

    protocol_version = "HTTP/1.1"
    kept: dict[str, dict[str, Any]]

    def do_GET(self) -> None:
        found = self.kept.get(self.path)
        self._answer(404 if found is None else 200, found or {})

    def do_PUT(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.kept[self.path] = {**self.kept.get(self.path, {}), **json.loads(self.rfile.read(length))}
        self._answer(200, self.kept[self.path])

    do_PATCH = do_PUT

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def _far_end() -> Iterator[str]:
    handler = type("Elements", (_Elements,), {"kept": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def _warm_server(data: Path) -> "Iterator[Place]":
    from trunkline import processes
    from trunkline_provisioning import runner
    from trunkline_provisioning.fork_server import place_of

    service = runner.service(data)
    place = place_of(data, os.getpid())
    process = processes.start(service.argv, cwd=service.folder, env=service.environment)
    try:
        while not place.socket.exists():
            if place.refusal or process.poll() is not None:
                raise SystemExit(f"the fork server does not serve: {place.refusal}")
            time.sleep(0.05)
        yield place
    finally:
        processes.stop(process)


def _ratios(rounds: int) -> list[Figure]:
    from trunkline_provisioning.run_folder import RunFolder
    from trunkline_provisioning.runner import PlaybookRun, environment, run_playbook

    with tempfile.TemporaryDirectory(prefix="trunkline-bench-") as name, _far_end() as far_end:
        folder = Path(name)
        with _warm_server(folder / "data") as place:

            def warm(playbook: Path, variables: dict[str, Any]) -> None:
                result = run_playbook(PlaybookRun(playbook, variables), log=lambda _: None, server=place)
                if not result.succeeded or not result.warm:
                    raise SystemExit(f"{playbook.stem}: {result}")

            def bare(playbook: Path, variables: dict[str, Any]) -> None:
                with RunFolder.make(variables, {}) as home:
                    command = ["ansible-playbook", "-i", "localhost,", "-e", "@variables.json", str(playbook)]
                    subprocess.run(
                        command,
                        env=environment(home.path),
                        cwd=home.path,
                        check=True,
                        stdout=subprocess.DEVNULL,
                    )

            return [
                _ratio(title, folder, far_end, rounds, {"warm": warm, "bare": bare}) for title in _PLAYBOOKS
            ]


def _ratio(
    title: str,
    folder: Path,
    far_end: str,
    rounds: int,
    ways: dict[str, Callable[[Path, dict[str, Any]], None]],
) -> Figure:
    playbook = folder / f"{title.replace(' ', '_')}.yml"
    playbook.write_text(_HEAD + _PLAYBOOKS[title])
    took: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name in random.sample(sorted(ways), len(ways)):
            line = {"number": f"F{turn}{name}", "plan": "fibre_600"}
            began = time.monotonic()
            ways[name](playbook, {"far_end": far_end, "folder": str(folder), "line": line})
            took[name].append(time.monotonic() - began)
    # The first round fills caches of files.
    pairs = list(zip(took["warm"][1:], took["bare"][1:], strict=True))
    milliseconds = [f"{statistics.median(times) * 1000:,.0f} ms" for times in zip(*pairs, strict=True)]
    return figure(
        f"{title}, beside the bare command",
        "",
        [one / other for one, other in pairs],
        _LIMITS[title],
        note=f"{milliseconds[0]} against {milliseconds[1]}",
    )


if __name__ == "__main__":
    sys.exit(main())
