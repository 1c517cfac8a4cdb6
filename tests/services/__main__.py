"""`./run check` and `./run test`: every check and every test, with the servers they need, in one command."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from tests.services.postgres import private_cluster
from tests.services.programs import PROGRAMS, install_from_debian, missing

ROOT = Path(__file__).resolve().parents[2]

CHECKS: tuple[tuple[str, ...], ...] = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("lint-imports", "--no-logo"),
)


def main(arguments: list[str]) -> int:
    """Run `check` or `test [PYTEST ARGUMENTS]` and return the exit status, 0 only if all is well."""
    # A terminated run must still stop the servers that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    what, *selection = arguments
    failed: list[str] = []
    # Beside the tests, which wait for something now and then: so the checks take no time of their own.
    checks = threading.Thread(target=_check, args=(failed,), daemon=True)
    if what == "check" or not selection:
        checks.start()
    status = _pytest(selection) if what == "test" else 0
    if checks.ident is not None:
        checks.join()
    if status:
        failed.append("pytest")
    for name in failed:
        print(f"run {what}: {name} failed", flush=True)
    return 1 if failed else 0


def _check(failed: list[str]) -> None:
    """Run every check, print what it said in one piece, and add the names of those that failed to `failed`."""
    for program, *options in CHECKS:
        name = " ".join((program, *options))
        done = subprocess.run(
            [Path(sys.executable).parent / program, *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        print(f"\n== {name}\n{done.stdout}", end="", flush=True)
        if done.returncode:
            failed.append(name)


def _pytest(selection: list[str]) -> int:
    """Run pytest with `selection` or with everything, and return its exit status."""
    _complete_the_machine()
    environment = dict(os.environ)
    with ExitStack() as servers:
        if "TRUNKLINE_TEST_POSTGRES" not in environment and PROGRAMS["initdb"].path():
            environment["TRUNKLINE_TEST_POSTGRES"] = servers.enter_context(private_cluster())
        # Two more than there are processors: one waits for minutes for leases, each other a quarter of its time for programs.
        workers = str(max(2, min(4, os.cpu_count() or 2)) + 2)
        options = selection or ["-q", "-n", workers, "--dist", "loadfile", "--no-loadscope-reorder"]
        print(f"== pytest {' '.join(options)}", flush=True)
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options], cwd=ROOT, env=environment
        ).returncode


def _complete_the_machine() -> None:
    """Install the programs that are missing, or say which tests will be skipped and how to get them."""
    wanted = missing()
    if not wanted:
        return
    print(f"== apt-get install {' '.join(sorted({program.package for program in wanted}))}", flush=True)
    refused = install_from_debian(wanted)
    if refused:
        print(f"not installed: {refused}", flush=True)
    for program in missing():
        print(
            f"{program.name} is missing, so these are skipped: {program.purpose}. {program.remedy}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
