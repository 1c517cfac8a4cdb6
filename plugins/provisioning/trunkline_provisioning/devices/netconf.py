"""Configuration over NETCONF (RFC 6241): get what runs, compare, edit what differs under a lock, commit, get again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Literal
from xml.dom import minidom

from trunkline_provisioning.devices.netconf_config import Node, Operation, Wanted, nodes, wanted
from trunkline_provisioning.devices.netconf_session import BASE, Login, Session, connected, parsed
from trunkline_provisioning.devices.outcome import DeviceError, Outcome, without

_DEFAULTS: dict[Operation, str] = {"merge": "merge", "replace": "merge", "delete": "none"}


@dataclass(frozen=True)
class Wish:
    """What shall run. `config` and `filter` are XML; without a filter all below config's outermost elements is read."""

    config: str = field(repr=False)
    operation: Operation = "merge"
    #: The element to replace or delete, as a path of names.
    at: str = ""
    filter: str = ""
    #: Where it is edited; empty for the candidate where the element has one, else what runs.
    datastore: Literal["", "candidate", "running"] = ""
    write_only: tuple[str, ...] = ()


def keep(login: Login, wish: Wish, *, dry_run: bool = False) -> Outcome:
    """Make the element's running configuration as wished. Raises DeviceError; then nothing stays in the candidate.

    What runs is compared, whichever datastore is edited: a candidate may hold what somebody else has begun.
    """
    wanted_now, content = wanted(wish.config, wish.operation, wish.at, wish.write_only)
    login = replace(login, hide=(*login.hide, *wanted_now.secrets))
    asked = _filter(wish, wanted_now)
    with connected(login) as session:
        found = _running(session, asked)
        before = _shown(login, wanted_now.shown(found))
        if wanted_now.met(found):
            return Outcome(False, f"{login.place}: already as wanted", before, before)
        goal = _shown(login, wanted_now.goal())
        what = _difference(wish, before, goal)
        if dry_run:
            return Outcome(True, f"{login.place}: would {what}", before, goal)
        _edit(session, wish, content)
        found = _running(session, asked)
        after = _shown(login, wanted_now.shown(found))
        if not wanted_now.met(found):
            raise DeviceError(
                f"{login.place} took the edit, but what runs is not as wanted: {after or 'nothing there'}"
            )
    return Outcome(True, f"{login.place}: {what}", before, after)


def _filter(wish: Wish, wanted_now: Wanted) -> str:
    if not wish.filter:
        names = dict.fromkeys((node.name, node.namespace) for node in wanted_now.nodes)
        return "".join(_empty(name, namespace) for name, namespace in names)
    root = parsed(f"<filter>{wish.filter}</filter>", "filter")
    return "".join(node.toxml() for node in root.childNodes)


def _empty(name: str, namespace: str) -> str:
    element = minidom.Document().createElementNS(namespace, name)
    element.setAttribute("xmlns", namespace)
    return element.toxml()


def _running(session: Session, asked: str) -> tuple[Node, ...]:
    reply = session.ask(
        f'<get-config><source><running/></source><filter type="subtree">{asked}</filter></get-config>'
    )
    data = reply.getElementsByTagNameNS(BASE, "data")
    if not data:
        raise DeviceError(f"{session.place} answered get-config without data.")
    return nodes(data[0])


def _edit(session: Session, wish: Wish, content: str) -> None:
    datastore = wish.datastore or ("candidate" if session.can("candidate") else "running")
    if datastore == "candidate" and not session.can("candidate"):
        raise DeviceError(f"{session.place} has no candidate configuration; leave datastore out.")
    if datastore == "running" and not session.can("writable-running"):
        raise DeviceError(f"{session.place} does not let its running configuration be edited.")
    whole = "<error-option>rollback-on-error</error-option>" if session.can("rollback-on-error") else ""
    question = (
        f"<edit-config><target><{datastore}/></target>"
        f"<default-operation>{_DEFAULTS[wish.operation]}</default-operation>{whole}"
        f"<config>{content}</config></edit-config>"
    )
    with _locked(session, datastore):
        if datastore == "running":
            session.ask(question)
            return
        try:
            session.ask(question)
            session.ask("<commit/>")
        except BaseException:
            # The refusal is what people need to read; the lock's end throws the rest away as well (RFC 6241 §8.3.5.2).
            with suppress(DeviceError):
                session.ask("<discard-changes/>")
            raise


@contextmanager
def _locked(session: Session, datastore: str) -> Iterator[None]:
    target = f"<target><{datastore}/></target>"
    session.ask(f"<lock>{target}</lock>")
    try:
        yield
    finally:
        # It ends with the session in any case.
        with suppress(DeviceError):
            session.ask(f"<unlock>{target}</unlock>")


def _shown(login: Login, lines: Sequence[str]) -> str:
    return without("".join(f"{line}\n" for line in lines), login.secrets)


def _difference(wish: Wish, before: str, goal: str) -> str:
    if wish.operation == "delete":
        return f"delete {wish.at}"
    new = [line for line in goal.splitlines() if line not in before.splitlines()]
    return f"{wish.operation} {'; '.join(new) or 'what is not shown'}"
