"""What goes wrong before anything runs is said in words, with the remedy, and exit status 2."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SCARCE = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}


def trunkline(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trunkline.cli", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**SCARCE, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_unknown_key_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "trunkline.toml").write_text("plugin_list = []\nplugns = []\n")
    told = trunkline(tmp_path, "migrate")
    assert told.returncode == 2
    assert "Unknown configuration key “plugin_list”" in told.stderr or "“plugns”" in told.stderr
    assert "Did you mean “plugin" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_mistyped_variable_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    told = trunkline(tmp_path, "migrate", TRUNKLINE_PORTT="8001", TRUNKLINE_OF_MINE="kept")
    assert told.returncode == 2
    assert "TRUNKLINE_PORTT. Did you mean TRUNKLINE_PORT?" in told.stderr


def test_a_bad_value_is_named_with_its_place(tmp_path: Path) -> None:
    told = trunkline(tmp_path, "migrate", TRUNKLINE_PORT="eighty")
    assert told.returncode == 2
    assert "port" in told.stderr
    assert "environment" in told.stderr


def test_a_missing_configuration_file_is_named(tmp_path: Path) -> None:
    told = trunkline(tmp_path, "--config", "nowhere.toml", "migrate")
    assert (told.returncode, "nowhere.toml" in told.stderr) == (2, True)


def test_a_port_in_use_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = trunkline(tmp_path, "serve", "--port", str(port))
    assert told.returncode == 2
    assert f"Port {port}" in told.stderr
    assert "--port" in told.stderr


def test_plain_http_beyond_this_machine_is_refused(tmp_path: Path) -> None:
    told = trunkline(tmp_path, "serve", "--host", "192.0.2.1", "--port", "0")
    assert told.returncode == 2
    assert "insecure_http" in told.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, which nobody may write")
def test_an_unwritable_data_folder_is_named_with_the_remedy(tmp_path: Path) -> None:
    told = trunkline(tmp_path, "--data", "/proc/trunkline", "serve")
    assert told.returncode == 2
    assert "/proc/trunkline cannot be written" in told.stderr
    assert "--data" in told.stderr


def test_a_plugin_that_is_not_installed_is_named_and_the_rest_runs(tmp_path: Path) -> None:
    (tmp_path / "trunkline.toml").write_text('plugins = ["inventary"]\n')
    told = trunkline(tmp_path, "doctor")
    assert told.returncode == 1
    assert "Did you mean “inventory”" in told.stdout
    assert "Database: sqlite" in told.stdout


def test_a_damaged_key_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secrets.key").write_text("nonsense")
    told = trunkline(tmp_path, "migrate")
    assert told.returncode == 2
    assert "secrets.key" in told.stderr
    assert (tmp_path / "data" / "secrets.key").read_text() == "nonsense"
