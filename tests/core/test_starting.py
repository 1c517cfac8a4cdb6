"""Starting is quick because what no first page needs comes later; nothing is lost by it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from trunkline.__main__ import command_of
from trunkline.app import App
from trunkline.web.app import make_web

#: What takes a good part of a second or many megabytes, and is needed by none of the first pages.
HEAVY = (
    "fastapi",
    "jwt",
    "structlog",
    "rich",
    "alembic",
    "huey",
    "ansible_runner",
    "stripe",
    "typer",
    "websockets",
    "sqlalchemy.dialects.postgresql",
)


def test_the_web_process_starts_without_what_no_first_page_needs() -> None:
    seen = f"print([name for name in {HEAVY} if name in sys.modules])"
    program = f"import sys; from trunkline import child; child._load(web=True); {seen}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["serve"], "serve"),
        (["--config", "serve", "--data=x", "doctor"], "doctor"),
        (["--data", "there", "serve", "--port", "1"], "serve"),
        (["--version"], ""),
    ],
)
def test_only_serve_begins_to_load_a_web_process(words: list[str], command: str) -> None:
    assert command_of(words) == command


def test_rest_answers_although_it_is_made_after_the_first_page(app: App) -> None:
    web = TestClient(make_web(app, rest_later=True))
    assert web.get("/readyz").status_code == 200
    assert web.get("/api/v1/customers").status_code == 401
    assert "/customers" in web.get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/customers" in web.get("/api/v1/docs").text


def test_waking_a_worker_on_sqlite_loads_no_driver_of_postgresql_and_another_database_still_can(
    tmp_path: Path,
) -> None:
    program = """
import sys
from pathlib import Path
from trunkline.config import Config
from trunkline.jobs.wake import HueyWaker

data = Path(sys.argv[1])
print(HueyWaker(Config(data=data)).waiting(), "psycopg" in sys.modules)
here = HueyWaker(Config(data=data, database="postgresql+psycopg://nobody@127.0.0.1:1/none"))
try:
    here.waiting()
except Exception as error:
    print(type(error).__module__, "psycopg" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines() == ["0 False", "sqlalchemy.exc True"], done.stderr


def test_the_logs_of_a_service_are_lines_of_json_with_the_traceback(tmp_path: Path) -> None:
    program = """
import logging
from trunkline.logs import configure_logging
configure_logging()
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("trunkline.some").exception("failed for %s", "Dédé")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    (line,) = done.stderr.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("failed for Dédé", "error", "trunkline.some")
    assert "ZeroDivisionError" in told["exception"]
    assert told["timestamp"].endswith("Z")


@pytest.mark.skipif(sys.platform != "linux", reason="asks for a process group")
def test_a_refused_start_leaves_no_process_behind(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "trunkline", "serve", "--port", str(port)]
        served = subprocess.Popen(
            command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        _, told = served.communicate(timeout=120)
    assert served.returncode == 2
    assert told.startswith(f"trunkline: Port {port}")
    assert told.count("\n") == 1
    with pytest.raises(ProcessLookupError):
        os.killpg(served.pid, 0)
