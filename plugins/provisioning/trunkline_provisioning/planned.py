"""What an order line's playbook is: looked at and frozen when the line is planned, and found again when it runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.jobs.steps import StepFailed
from trunkline.operation import Context
from trunkline.plugin import Policy
from trunkline_catalog.schemas import LineAction, OrderLineView, ProductView
from trunkline_inventory import queries as inventory
from trunkline_provisioning import elements, library, queries, versions
from trunkline_provisioning.declaring import (
    FILE,
    Declaration,
    Look,
    Output,
    Unreadable,
    declared_in,
    verify_of,
)
from trunkline_provisioning.references import lacks
from trunkline_provisioning.schemas import AnsibleInputs

if TYPE_CHECKING:
    from trunkline.app import App

_NAME = r"\bsecrets\.(elements\.[a-z][a-z0-9_]*+|[a-z][a-z0-9_]*+)\.([a-z][a-z0-9_]*+)"
#: `secrets.elements.olt.password` and `secrets.sim.ki` in a playbook.
_SECRET = re.compile(_NAME)
#: The same where the playbook says what it does without.
_OPTIONAL = re.compile(_NAME + r"\s*(?:\|\s*default\b|is\s+(?:not\s+)?defined\b)")

_FOUND = "trunkline_provisioning_found"
_CANNOT = {
    LineAction.NEW: _("{product} cannot be set up: its playbook {playbook} has no {file}."),
    LineAction.CHANGE: _("{product} cannot be changed so: its playbook {playbook} has no {file}."),
    LineAction.SUSPEND: _("{product} cannot be suspended: its playbook {playbook} has no {file}."),
    LineAction.RESUME: _("{product} cannot be resumed: its playbook {playbook} has no {file}."),
    LineAction.TERMINATE: _("{product} cannot be ended: its playbook {playbook} has no {file}."),
}


@dataclass
class _Found:
    """A playbook as a unit of work has found it: an order plans each of its lines, and reading takes longer than planning."""

    playbook: library.Playbook
    files: Mapping[str, str]
    _sound: set[tuple[str, ...]] = field(default_factory=set)

    def has(self, word: str) -> bool:
        return f"{word}.yml" in self.files

    @property
    def declares(self) -> Declaration:
        """What its `schema.yml` says, once `require_sound` has passed."""
        return declared_in(self.files)

    def require_sound(self, ctx: Context, words: Sequence[str]) -> None:
        """Raise Refused naming file and line unless these files can be read."""
        from trunkline_provisioning.checking import require_sound
        from trunkline_provisioning.syntax_check import SyntaxCheck

        if tuple(words) not in self._sound:
            require_sound(self.playbook, words, SyntaxCheck.of(ctx.app))
            self._sound.add(tuple(words))


def _found(ctx: Context, name: str) -> _Found:
    """Raises Refused for a playbook that there is not, or that is no text."""
    known: dict[str, _Found] = ctx.session.info.setdefault(_FOUND, {})
    if name not in known:
        playbook = library.find(ctx.app, name)
        known[name] = _Found(playbook, versions.files_of(playbook.folder))
    return known[name]


def network_inputs(
    ctx: Context, line: OrderLineView, product: ProductView, do: str, undo: str
) -> AnsibleInputs:
    """The inputs of a line's network step, with the version of the playbook that the job keeps.

    Raises Refused (field `playbook`) in words about product and playbook when it is missing, lacks the file or cannot be run.
    """
    name = product.playbook
    found = _found(ctx, name)
    if not found.has(do):
        raise Refused(
            str(_CANNOT[line.action]).format(product=product.name, playbook=name, file=f"{do}.yml"),
            field="playbook",
            remedy=_(
                "Add {name}/{word} under Playbooks, or choose another playbook for the product.",
                name=name,
                word=do,
            ),
        )
    verify = verify_of(do)
    words = [do, *(word for word in (undo, verify) if found.has(word))]
    found.require_sound(ctx, words)
    texts = versions.texts_among(found.files, words)
    _require_elements(ctx, product, found.playbook, texts)
    _require_secrets(ctx, line, product, texts)
    known = queries.planned_variables(ctx, line.id)
    _refuse_lacks(product, found, words, known)
    _require_inputs(product, found, texts, known)
    return AnsibleInputs(
        line_id=line.id,
        playbook=f"{name}/{do}",
        undo_playbook=f"{name}/{undo}" if found.has(undo) else "",
        verify_playbook=f"{name}/{verify}" if found.has(verify) else "",
        look=found.declares.verify.get(do, Look.EACH_TIME),
        version=versions.freeze(ctx, found.playbook, found.files),
    )


def policy_of(ctx: Context, reference: str) -> Policy | None:
    """What its playbook declares to become of a step that was running when its worker died; None where it says nothing."""
    name, _slash, word = reference.partition("/")
    return _found(ctx, name).declares.policy.get(word)


def outputs_of(ctx: Context, reference: str) -> Mapping[str, Output]:
    """What its playbook declares that a file hands over."""
    name, _slash, word = reference.partition("/")
    return _found(ctx, name).declares.outputs.get(word, {})


def declared_outputs(folder: Path, word: str) -> Mapping[str, Output]:
    """The same of a playbook that lies unfolded in a folder. Raises StepFailed for a declaration that cannot be read."""
    path = folder / FILE
    try:
        return declared_in({FILE: path.read_text()} if path.is_file() else {}).outputs.get(word, {})
    except Unreadable as error:
        raise StepFailed(f"{folder.name}/{FILE}:{error.line}: {error.message}") from None


def _require_inputs(
    product: ProductView, found: _Found, texts: Sequence[str], known: Mapping[str, Any]
) -> None:
    """Raise Refused naming the first declared input that these texts read and that the run would lack, or of another type."""
    for path, declared in found.declares.inputs.items():
        if path.startswith("secrets.") or not any(
            re.search(rf"\b{re.escape(path)}\b", text) for text in texts
        ):
            continue
        value: Any = known
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value in (None, "") and not declared.required:
            continue
        fault = _("is missing") if value in (None, "") else declared.fault_of(value)
        if fault:
            raise Refused(
                _(
                    "{product} cannot be provided: {input}, which {playbook} reads, {fault}.",
                    product=product.name,
                    input=declared.label or path,
                    playbook=found.playbook.name,
                    fault=fault,
                ),
                field=path if path.startswith(("parameters.", "picks.")) else "playbook",
                remedy=_("{file} declares it.", file=f"{found.playbook.name}/{FILE}"),
            )


def _require_elements(
    ctx: Context, product: ProductView, playbook: library.Playbook, texts: Sequence[str]
) -> None:
    """Raise Refused when what would be run names a network element that nobody has added."""
    missing = elements.missing(ctx, texts)
    if missing:
        raise Refused(
            _(
                "{product} cannot be provided: its playbook {playbook} names the network element {name}, which is not there.",
                product=product.name,
                playbook=playbook.name,
                name=missing[0],
            ),
            field="playbook",
            remedy=_("Add it under Network elements."),
        )


#: Files that orders run whatever a product offers.
_ALWAYS = (
    "do",
    "undo",
    "suspend",
    "resume",
    "terminate",
    *map(verify_of, ("do", "suspend", "resume", "terminate")),
)


def require_providable(ctx: Context, product: ProductView) -> None:
    """Raise Refused naming file and line of what would keep every order of the product from being carried out."""
    if not product.playbook:
        return
    found = _found(ctx, product.playbook)
    found.require_sound(ctx, found.playbook.files)
    templates = {one.name: one for one in inventory.templates(ctx)}
    picks = {
        name: dict.fromkeys(("item_id", "item", *(one.name for one in templates[name].fields)))
        for name in product.needs
        if name in templates
    }
    words = [word for word in _ALWAYS if found.has(word)]
    # Parameters are added to a product one by one, after its playbook; an order that lacks one is refused.
    _refuse_lacks(product, found, words, {"picks": picks})


def _refuse_lacks(
    product: ProductView, found: _Found, words: Sequence[str], known: Mapping[str, Any]
) -> None:
    """Raise Refused naming file and line when what would be run reads something that the run will lack."""
    for word in words:
        for lack in lacks(found.files[f"{word}.yml"], known):
            near = get_close_matches(lack.name, lack.there, 1)
            raise Refused(
                _(
                    "{product} cannot be provided: {file} reads {name}, which there is not.",
                    product=product.name,
                    file=f"{found.playbook.name}/{word}.yml:{lack.reading.line}",
                    name=str(lack.reading),
                ),
                field="playbook",
                remedy=_("Did you mean “{name}”?", name=near[0])
                if near
                else _("There are: {names}.", names=", ".join(lack.there) or "–"),
            )


def _require_secrets(ctx: Context, line: OrderLineView, product: ProductView, texts: Sequence[str]) -> None:
    """Raise Refused when a secret that the playbook reads is not kept: of an element, or of an item that was picked."""
    had = elements.secrets(ctx, texts)
    wanted = {found for text in texts for found in _SECRET.findall(text)}
    wanted -= {found for text in texts for found in _OPTIONAL.findall(text)}
    for owner, name in sorted(wanted):
        if owner.startswith("elements."):
            element = owner.removeprefix("elements.")
            if name not in had.get(element, {}):
                raise Refused(
                    _(
                        "{product} cannot be provided: the network element {element} has no {secret}.",
                        product=product.name,
                        element=element,
                        secret=name.replace("_", " "),
                    ),
                    field="playbook",
                    remedy=_("Enter it under Network elements."),
                )
            continue
        if owner == "parameters":
            _require_secret_parameter(line, product, name)
            continue
        pick = line.picks.get(owner)
        if pick is None or pick.item_id is None:
            continue
        if name not in inventory.secret_names(ctx, pick.item_id):
            raise Refused(
                _(
                    "{item} cannot be used: its secret {name}, which the playbook needs, is missing.",
                    item=pick.label,
                    name=name,
                ),
                field=f"picks.{owner}",
                remedy=_("Choose another one, or import it again with its secrets."),
            )


def _require_secret_parameter(line: OrderLineView, product: ProductView, name: str) -> None:
    if name in line.secret_names:
        return
    declared = next((one for one in product.parameters if one.name == name and one.secret), None)
    if declared is None:
        raise Refused(
            _(
                "{product} has no secret parameter {name}, which its playbook reads.",
                product=product.name,
                name=name,
            ),
            field="playbook",
            remedy=_("Add it to the product, asked and secret."),
        )
    raise Refused(_("Fill in {label}.", label=declared.label), field=f"parameters.{name}")


def target_of(ctx: Context, *references: str, element: str = "") -> tuple[str, int]:
    """The element with the fewest sessions that these files name, and how many steps it bears at once; ("", 0) without a limit.

    `references` are as in `mobile_line/do`; empty ones are left out. With `element` that one stands for all that they name.
    """
    texts: list[str] = []
    for reference in filter(None, references):
        name, _slash, word = reference.partition("/")
        texts += versions.texts_among(_found(ctx, name).files, [word])
    named = {element} if element else elements.named(texts)
    limits = [
        (one.at_once, f"element:{one.name}")
        for one in (elements.elements(ctx) if named else [])
        if one.name in named and one.at_once
    ]
    at_once, target = min(limits, default=(0, ""))
    return target, at_once


@contextmanager
def playbook_file(app: "App", reference: str, version: int) -> Iterator[tuple[str, Path]]:
    """The file that `mobile_line/do` means in that version, in a folder of its own, beside where it comes from.

    Apart from the library, because somebody may save there while the file is run. Version 0 means what the library holds now.
    """
    name, _slash, word = reference.partition("/")
    if version == 0:
        known = library.find(app, name)
        yield known.source, known.path(word)
        return
    with app.reading() as ctx:
        source, files = playbook_files(ctx, name, version)
    with versions.unfolded(name, files) as folder:
        yield source, folder / f"{word}.yml"


def playbook_files(ctx: Context, name: str, version: int) -> tuple[str, Mapping[str, str]]:
    """Where a version of a playbook comes from, in words, and the texts of its files; version 0 is what the library holds now."""
    if version == 0:
        known = library.find(ctx.app, name)
        return known.source, versions.files_of(known.folder)
    frozen = versions.version(ctx, name, version)
    source, newest = f"{frozen.source}, version {version}", versions.latest(ctx, name)
    if newest is not None and newest.number > version:
        # Whoever corrected the playbook and retries wonders why it fails as before.
        source += f" as planned (version {newest.number} is for jobs planned from now on, and for retries that choose it)"
    return source, frozen.files
