"""What could be better about a playbook as a whole: files that nobody verifies, and outputs that nobody declares or sets."""

from collections.abc import Iterator, Mapping

from trunkline.i18n import gettext as _
from trunkline.plugin import Policy
from trunkline_provisioning.declaring import FILE, Declaration, Unreadable, declared_in, looks, verify_of
from trunkline_provisioning.devices.order import MESSAGES
from trunkline_provisioning.linting import Finding, quick_loader, task_lists, words_of

_STATS = ("set_stats", "ansible.builtin.set_stats")
_MESSAGES = ("trunkline.telecom.mail", "trunkline.telecom.notify")


def hints(files: Mapping[str, str], word: str) -> list[Finding]:
    """Warnings about one file of a playbook in the light of the others, texts by name; none about what undoes or only looks."""
    if f"{word}.yml" not in files or looks(word) or word.startswith("undo") or f"{word}.yml" == FILE:
        return []
    try:
        declared = declared_in(files)
    except Unreadable:
        return []
    return [*_unverified(files, word), *_undeclared(files, word, declared)]


def _unverified(files: Mapping[str, str], word: str) -> Iterator[Finding]:
    verify = f"{verify_of(word)}.yml"
    if verify not in files:
        said = _("There is no {file}: nobody looks whether a device did what it confirmed.", file=verify)
        yield Finding(1, str(said), "verify", "warning")


def _undeclared(files: Mapping[str, str], word: str, declared: Declaration) -> Iterator[Finding]:
    outputs, text = declared.outputs.get(word, {}), files[f"{word}.yml"]
    handed, hidden, writes = _handed_over(text)
    for name, line in handed.items():
        if name not in outputs:
            said = _("{file} does not declare {name}, which is handed over here.", file=FILE, name=name)
            yield Finding(line, str(said), "outputs", "warning")
        elif outputs[name].secret and name not in hidden:
            said = _("{name} is a secret: set no_log: true where it is handed over.", name=name)
            yield Finding(line, str(said), "outputs", "warning")
    for name, output in outputs.items():
        if output.required and name not in handed and "include" not in text:
            said = _("{file} declares {name}, which no set_stats hands over.", file=FILE, name=name)
            yield Finding(1, str(said), "outputs", "warning")
    if writes and declared.policy.get(word) is Policy.VERIFY:
        said = _("After a death that verify.yml finds done, what is written to people here is not sent.")
        yield Finding(writes, str(said), "policy", "warning")


def _handed_over(text: str) -> tuple[dict[str, int], set[str], int]:
    """Names that tasks set with their lines, those of tasks with no_log, and the line of a task that writes to people, or 0."""
    import yaml
    from yaml.nodes import MappingNode, SequenceNode

    names, hidden, writes = dict[str, int](), set[str](), 0
    try:
        root = yaml.compose(text, Loader=quick_loader())
    except (yaml.YAMLError, ValueError):
        return names, hidden, writes
    blocks = (
        [one for one in root.value if isinstance(one, MappingNode)] if isinstance(root, SequenceNode) else []
    )
    for block in blocks:
        for _word, tasks in task_lists(block):
            for task in tasks:
                words = words_of(task)
                blocks += [task] if "block" in words else []
                writes = writes or next(
                    (words[name].start_mark.line + 1 for name in _MESSAGES if name in words), 0
                )
                stats = next((words[name] for name in _STATS if name in words), None)
                data = words_of(stats).get("data") if isinstance(stats, MappingNode) else None
                if not isinstance(data, MappingNode):
                    continue
                for name, node in words_of(data).items():
                    if name != MESSAGES:
                        names[name] = node.start_mark.line + 1
                        hidden |= (
                            {name}
                            if str(getattr(words.get("no_log"), "value", "")).lower() == "true"
                            else set()
                        )
    return names, hidden, writes
