"""What is wrong with a playbook is said early, with file and line."""

import sys
from pathlib import Path
from shutil import copytree

import pytest
import typer
from typer.testing import CliRunner

from trunkline.errors import Refused, Unavailable
from trunkline_provisioning import commands, runner
from trunkline_provisioning.checking import check_playbook
from trunkline_provisioning.syntax_check import SyntaxCheck

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


SOUND = "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - name: There\n      ansible.builtin.debug: {}\n"


def test_ansible_is_asked_once_about_the_same_texts_whoever_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("do.yml", "undo.yml"):
        (tmp_path / "library" / "line").mkdir(parents=True, exist_ok=True)
        (tmp_path / "library" / "line" / name).write_text(SOUND)
    first, other = tmp_path / "library" / "line", tmp_path / "elsewhere"
    assert SyntaxCheck(marks=tmp_path / "marks").problems([first / "do.yml"]) == []
    copytree(first, other)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone" / "python"))
    syntax = SyntaxCheck(marks=tmp_path / "marks")
    assert syntax.problems([first / "do.yml"]) == []
    assert syntax.problems([other / "do.yml"]) == [], "a folder of the same texts"
    with pytest.raises(Unavailable):
        syntax.problems([first / "undo.yml"])
    # It may include what lies beside it.
    (first / "undo.yml").write_text(SOUND.replace("There", "Here"))
    with pytest.raises(Unavailable):
        syntax.problems([first / "do.yml"])
    with pytest.raises(Unavailable):
        SyntaxCheck((tmp_path,), tmp_path / "empty").problems([other / "do.yml"])


def test_what_is_wrong_is_asked_again(tmp_path: Path) -> None:
    broken, syntax = tmp_path / "do.yml", SyntaxCheck(marks=tmp_path / "marks")
    broken.write_text(SOUND.replace("ansible.builtin.debug", "no.such.action"))
    assert [problem.line for problem in syntax.problems([broken])] == [4]
    assert [problem.line for problem in syntax.problems([broken])] == [4]


def test_a_collection_that_changes_has_playbooks_looked_at_again(tmp_path: Path) -> None:
    action = tmp_path / "ansible_collections" / "op" / "own" / "plugins" / "action" / "greet.py"
    action.parent.mkdir(parents=True)
    action.write_text(
        "from ansible.plugins.action import ActionBase\n\n\nclass ActionModule(ActionBase):\n    pass\n"
    )
    play = tmp_path / "line" / "do.yml"
    play.parent.mkdir()
    play.write_text(SOUND.replace("ansible.builtin.debug", "op.own.greet"))
    syntax = SyntaxCheck((tmp_path,), tmp_path / "marks")
    assert syntax.problems([play]) == []
    action.unlink()
    [problem] = syntax.problems([play])
    assert "op.own.greet" in problem.message
