"""What Ansible would take and Trunkline does not: rules for playbooks that carry out orders, each with its line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from trunkline.i18n import gettext as _
from trunkline_provisioning.check_mode import is_blind
from trunkline_provisioning.devices.outcome import is_secret_name

if TYPE_CHECKING:
    from yaml.nodes import MappingNode, Node

#: What a run is told (see docs/provisioning.md), and what Ansible itself brings to a task.
KNOWN = frozenset(
    "customer service product picks parameters line steps run hlr elements secrets done previous item omit lookup query "
    "now undef inventory_hostname groups hostvars playbook_dir role_path vars environment range dict namespace "
    "group_names play_hosts".split()
)
_TASK_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
#: Words of a task that are not the action.
_KEYWORDS = frozenset(
    "name when loop loop_control register no_log check_mode diff vars tags until retries delay changed_when failed_when "
    "ignore_errors become become_user delegate_to run_once args environment notify any_errors_fatal timeout throttle with_items "
    "async poll block rescue always".split()
)
_FAIL = ("fail", "ansible.builtin.fail")
_OWN = "trunkline.telecom."
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_REFERENCE = re.compile(r"[A-Za-z_]\w*(?:\.\w+|\[['\"]\w+['\"]\])*")
_CONDITIONS = frozenset("when until changed_when failed_when that".split())

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule says of one line; an error keeps the playbook from being run."""

    line: int
    message: str
    rule: str
    level: Level = "error"


@dataclass
class _Play:
    """What is known while one file is looked at."""

    findings: list[Finding] = field(default_factory=list)
    #: Names that tasks of the file bring: registered, set, looped over.
    brought: set[str] = field(default_factory=set)
    only_looks: bool = False

    def say(self, node: "Node", rule: str, message: str, level: Level = "error") -> None:
        self.findings.append(Finding(node.start_mark.line + 1, message, rule, level))


def lint(text: str, *, only_looks: bool = False) -> list[Finding]:
    """Findings about one playbook file, in the order of its lines. A text that is no YAML gives none: that is said elsewhere.

    `only_looks` is for files that verify, which are run in check mode.
    """
    import yaml
    from yaml.nodes import MappingNode, SequenceNode

    try:
        root = yaml.compose(text, Loader=quick_loader())
    except (yaml.YAMLError, ValueError):
        return []
    if not isinstance(root, SequenceNode):
        return []
    play = _Play(only_looks=only_looks)
    plays = [node for node in root.value if isinstance(node, MappingNode)]
    for node in plays:
        play.brought |= brought_by(node)
    for node in plays:
        _look_at_play(play, node)
    return sorted(set(play.findings), key=lambda finding: (finding.line, finding.rule))


def quick_loader() -> type[Any]:
    """libyaml's, which Ansible reads with as well, where PyYAML was built with it: a tenth of the time."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _look_at_play(play: _Play, node: "MappingNode") -> None:
    words = words_of(node)
    if "hosts" not in words:
        return
    facts = words.get("gather_facts")
    if not _says_no(facts):
        play.say(
            facts or node,
            "gather_facts",
            str(
                _(
                    "Write gather_facts: false: facts about this machine tell nothing about the network and take a second."
                )
            ),
        )
    _look_at_tasks(play, node)


def task_lists(node: "MappingNode") -> "Iterator[tuple[str, list[MappingNode]]]":
    """The lists of tasks of a play or block, each with its word."""
    from yaml.nodes import MappingNode, SequenceNode

    for word, inner in words_of(node).items():
        if word in _TASK_LISTS and isinstance(inner, SequenceNode):
            yield word, [task for task in inner.value if isinstance(task, MappingNode)]


def _look_at_tasks(play: _Play, node: "MappingNode") -> None:
    for word, tasks in task_lists(node):
        for task in tasks:
            _look_at_task(play, task)
        if word == "rescue" and (not tasks or not set(words_of(tasks[-1])) & set(_FAIL)):
            play.say(
                tasks[-1] if tasks else words_of(node)[word],
                "rescue",
                str(_("A rescue must end in ansible.builtin.fail: else the order would count as done.")),
            )


def _look_at_task(play: _Play, task: "MappingNode") -> None:
    words = words_of(task)
    if "block" in words:
        _look_at_tasks(play, task)
        return
    for word in ("async", "poll"):
        if word in words:
            play.say(
                words[word],
                "async",
                str(
                    _("{word} leaves work behind that nobody watches or stops: do it in the task.", word=word)
                ),
            )
    if "name" not in words:
        play.say(
            task, "name", str(_("Name the task: its name is what people read in the job’s log.")), "warning"
        )
    blind = next((word for word in words if is_blind(word)), "")
    if play.only_looks and blind and not _says_no(words.get("check_mode")):
        play.say(
            words[blind],
            "check_mode",
            str(
                _(
                    "This file runs in check mode, which skips {action}: write check_mode: false where it only looks.",
                    action=blind,
                )
            ),
        )
    ignored = words.get("ignore_errors")
    if ignored is not None and str(ignored.value).lower() in ("true", "yes"):
        play.say(ignored, "ignore_errors", str(_("A failure that is ignored is not undone.")), "warning")
    _look_at_secrets(play, task, words)
    for node, text in _texts(task):
        for name in _unknown(text, play.brought):
            near = get_close_matches(name, KNOWN | play.brought, 1)
            hint = str(_(" Did you mean “{name}”?", name=near[0])) if near else ""
            play.say(
                node, "variable", str(_("No run knows a variable “{name}”.", name=name)) + hint, "warning"
            )


def _look_at_secrets(play: _Play, task: "MappingNode", words: "dict[str, Node]") -> None:
    no_log = words.get("no_log")
    if no_log is not None and str(no_log.value).lower() in ("true", "yes"):
        return
    action = next((word for word in words if word not in _KEYWORDS), "")
    own = action.startswith(_OWN)
    hidden = {text.strip() for key, node, text in leaves(task, "") if key == "hide"}
    for key, node, text in leaves(task, ""):
        if is_secret_name(key) and text and "{{" not in text and not _is_plain(text):
            play.say(
                node,
                "secret",
                str(
                    _(
                        "A secret stands in the playbook itself: keep it with an element or an item, and name it."
                    )
                ),
            )
        # The collection masks what lies under such names and what `hide` names.
        if key in _CONDITIONS or (own and (is_secret_name(key) or key == "hide" or _within(text, hidden))):
            continue
        if "{{" in text and any(_is_secret(reference) for reference in _references(text)):
            remedy = _("Name it in hide, or set no_log: true.") if own else _("Set no_log: true.")
            play.say(node, "no_log", str(_("This task would show a secret.")) + " " + str(remedy))


def _says_no(node: "Node | None") -> bool:
    return node is not None and str(node.value).lower() in ("false", "no")


def _within(text: str, hidden: set[str]) -> bool:
    secrets = [
        f"{{{{{inner}}}}}" for inner in _EXPRESSION.findall(text) if any(map(_is_secret, _references(inner)))
    ]
    return bool(secrets) and all(secret in hidden for secret in secrets)


def _is_secret(reference: str) -> bool:
    parts = re.split(r"[.\[\]'\"]+", reference.strip("]'\""))
    return parts[0] == "secrets" or (len(parts) > 1 and is_secret_name(parts[-1]))


def _is_plain(text: str) -> bool:
    return text.lower() in ("true", "false", "yes", "no", "null", "~") or text.isdigit()


def _references(text: str) -> list[str]:
    """Dotted names outside quotes; `secrets.sim.ki | length` gives `secrets.sim.ki` and `length`."""
    plain = re.sub(r"'[^']*'(?!\])|\"[^\"]*\"(?!\])", "", text)
    return [
        reference
        for expression in (_EXPRESSION.findall(plain) or ([plain] if "{{" not in text else []))
        for reference in _REFERENCE.findall(expression)
    ]


def _unknown(text: str, brought: set[str]) -> Iterator[str]:
    """Names that a text's expressions read and nothing sets."""
    from jinja2 import Environment, TemplateError, nodes

    if "{{" not in text and "{%" not in text:
        return
    try:
        # Parsed only, never rendered.
        parsed = Environment(autoescape=False).parse(text)  # noqa: S701 — parsed only, never rendered
    except TemplateError:
        return
    names = list(parsed.find_all(nodes.Name))
    own = {node.name for node in names if node.ctx != "load"}
    for name in sorted({node.name for node in names} - own):
        if name not in KNOWN and name not in brought and not name.startswith("ansible_"):
            yield name


def brought_by(node: "MappingNode") -> set[str]:
    """Names that a play and its tasks set."""
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    found: set[str] = set()
    for word, inner in words_of(node).items():
        if word in ("vars", "set_fact", "ansible.builtin.set_fact", "vars_files") and isinstance(
            inner, MappingNode
        ):
            found |= set(words_of(inner))
        elif word in ("register", "loop_var", "index_var") and isinstance(inner, ScalarNode):
            found.add(str(inner.value))
        elif isinstance(inner, MappingNode):
            found |= brought_by(inner)
        elif isinstance(inner, SequenceNode):
            for one in inner.value:
                if isinstance(one, MappingNode):
                    found |= brought_by(one)
    return found


def words_of(node: "MappingNode") -> "dict[str, Node]":
    """The entries of a play, block or task."""
    return {str(key.value): value for key, value in node.value}


def leaves(node: "Node", key: str) -> "Iterator[tuple[str, Node, str]]":
    """Every text below a node with the nearest key above it."""
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    if isinstance(node, ScalarNode):
        text = str(node.value)
        if key in _CONDITIONS and "{{" not in text:
            text = f"{{{{ {text} }}}}"
        yield key, node, text if "{{" in text or key else ""
    elif isinstance(node, SequenceNode):
        for inner in node.value:
            yield from leaves(inner, key)
    elif isinstance(node, MappingNode):
        for name, inner in words_of(node).items():
            yield from leaves(inner, name)


def _texts(task: "MappingNode") -> "Iterator[tuple[Node, str]]":
    for key, node, text in leaves(task, ""):
        if key != "name" or "{{" in text:
            yield node, text
