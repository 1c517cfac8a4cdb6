"""Looking through uploads for what is dangerous, before anything of a request is done (OWASP ASVS 5.0, 5.4.3)."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starlette.datastructures import UploadFile

from trunkline.errors import Refused, TrunklineError, Unavailable
from trunkline.files.content import clean_name
from trunkline.i18n import gettext as _
from trunkline.operation import Actor
from trunkline.providers import UploadScanner

if TYPE_CHECKING:
    from trunkline.app import App

log = logging.getLogger(__name__)


def scan(
    app: "App",
    uploads: Iterable[tuple[str, Any]],
    actor: Actor,
    *,
    request_id: str = "",
    on_behalf_of: Actor | None = None,
) -> TrunklineError | None:
    """What keeps the files among these (field, value) pairs from being taken; None when nothing does.

    Called outside any unit of work: a scanner may take seconds. A file in which something was found is on record, and so is who
    sent it. While a scanner does not answer, no file is taken.
    """
    files = [(field, value) for field, value in uploads if isinstance(value, UploadFile) and value.size]
    if not files:
        return None
    with app.reading(actor) as ctx:
        scanners = [
            (plugin, item)
            for plugin, item in app.hooks.gather("upload_scanners", session=ctx.session, ctx=ctx)
            if isinstance(item, UploadScanner)
        ]
    for field, file in files:
        for plugin, scanner in scanners:
            try:
                found = _asked(app, plugin, scanner, file)
            except TrunklineError as error:
                error.field = field
                return error
            if found:
                _record(app, scanner.name, file, found, actor, request_id, on_behalf_of)
                return Refused(
                    _("The virus scanner found “{what}” in this file, so it was not kept.", what=found[:100]),
                    field=field,
                    remedy=_("Have the device looked at from which it comes."),
                )
    return None


def _asked(app: "App", plugin: str, scanner: UploadScanner, file: UploadFile) -> str:
    file.file.seek(0)
    try:
        return scanner.scan(file.file)
    except TrunklineError:
        raise
    except Exception as error:  # a plugin's code may raise anything
        app.hooks.failed(plugin, f"upload scanner {scanner.name}", error)
        raise Unavailable(
            _("The virus scanner failed, so no file is taken."),
            remedy=_("Ask an administrator to look at the status page."),
        ) from error
    finally:
        file.file.seek(0)


def _record(
    app: "App",
    scanner: str,
    file: UploadFile,
    found: str,
    actor: Actor,
    request_id: str,
    on_behalf_of: Actor | None,
) -> None:
    name = clean_name(file.filename or "")
    log.warning("upload scanner %s found %s in an upload of %s", scanner, found, actor.name)
    with (
        app.unit_of_work(actor, request_id=request_id, on_behalf_of=on_behalf_of) as ctx,
        ctx.run("core.file.refuse"),
    ):
        ctx.note(None, label=name, scanner=scanner, found=found[:100], size=file.size)
