"""What is wrong with a playbook is said early, with file and line."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from trunkline.errors import Refused
from trunkline_provisioning import commands, runner
from trunkline_provisioning.checking import check_playbook

SHIPPED = runner.COLLECTIONS / "playbooks" / "mobile_line"


def command_line() -> typer.Typer:
    app = typer.Typer()
    app.add_typer(commands.playbook, name="playbook")
    return app


def test_the_shipped_playbooks_can_be_read() -> None:
    assert check_playbook(SHIPPED) == []


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "do.yml"
    broken.write_text("- hosts: localhost\n  tasks:\n    - debug: msg=[\n   x: 1\n")
    [problem] = check_playbook(broken)
    assert (problem.file, problem.line) == (broken, 4)


def test_an_unknown_action_is_named_with_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "do.yml"
    head = "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
    broken.write_text(f"{head}    - name: Gone\n      no.such.action: {{}}\n")
    [problem] = check_playbook(broken)
    assert problem.file == broken
    assert problem.line == 4
    assert "no.such.action" in problem.message
    broken.write_text(f"{head}    - name: There\n      ansible.builtin.debug: {{}}\n")
    assert check_playbook(broken) == []


def test_the_command_prints_file_and_line_and_ends_with_1(tmp_path: Path) -> None:
    broken = tmp_path / "do.yml"
    broken.write_text("- hosts: localhost\n  tasks: [\n")
    answer = CliRunner().invoke(command_line(), ["playbook", "check", str(tmp_path)])
    assert answer.exit_code == 1
    assert f"{broken}:3: " in answer.output


def test_a_playbook_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    missing = tmp_path / "nothing.yml"
    with pytest.raises(Refused, match=r"nothing\.yml"):
        check_playbook(missing)
    answer = CliRunner().invoke(command_line(), ["playbook", "check", str(missing)])
    assert answer.exit_code == 2


def test_a_playbook_is_also_found_by_its_name() -> None:
    answer = CliRunner().invoke(command_line(), ["playbook", "check", "mobile_line"])
    assert (answer.exit_code, answer.output) == (0, f"{SHIPPED}: no problem.\n")
