"""Pages of rollouts: preparing one, looking, letting it begin, following it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, create_model
from pydantic.config import JsonValue
from starlette.responses import Response

from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.i18n import ngettext
from trunkline.lists import runs
from trunkline.web.pages import Page, Pages
from trunkline.web.signing import sign, verify
from trunkline.web.table_params import values_of
from trunkline_catalog.schemas import SuspensionReason
from trunkline_provisioning.rollouts import operations, queries, reading, words
from trunkline_provisioning.rollouts.schemas import (
    PrepareRollout,
    RolloutLimits,
    RolloutState,
    RolloutView,
    ServiceWish,
)
from trunkline_provisioning.rollouts.tables import ROLLOUTS, STATE_LABELS, rows_table

PAGES = Pages()
_LIST = "/provisioning/rollouts"
_SERVICES = "catalog-services"
#: Tells htmx to ask no more.
_STOP_POLLING = 286
_HOW = _("How carefully")
_REASONS: list[JsonValue] = [[reason.value, label] for reason, label in words.REASONS.items()]


@PAGES.get(_LIST, permission="provisioning.rollout.list")
def index(page: Page) -> Response:
    """Everything that was done to many services."""
    page.title = str(_("Many at once"))
    page.crumbs((page.title, ""))
    return page.table("provisioning/rollouts.html", ROLLOUTS, queries.list_rollouts(page.ctx))


def _schema(page: Page) -> type[BaseModel]:
    return _asked(page, listed=not _picked(page))


def _asked(page: Page, *, listed: bool) -> type[BaseModel]:
    """What is done, with what, how carefully, and unless a selection came from their list, to which services."""
    fields: dict[str, Any] = {
        "what": (
            str,
            Field(title=_("What is done"), json_schema_extra={"widget": "select", "choices": _choices(page)}),
        ),
        "reason": (
            SuspensionReason,
            Field(
                default=SuspensionReason.REQUEST,
                title=_("Reason"),
                description=_("Of suspending and resuming."),
                json_schema_extra={"choices": _REASONS, "width": "half"},
            ),
        ),
        "parameters": (
            str,
            Field(
                default="",
                max_length=4000,
                title=_("New values"),
                description=_(
                    "Of a change, one a line, as in wifi_name: Casa. A file may hold them for each service."
                ),
                json_schema_extra={"widget": "textarea", "rows": 2},
            ),
        ),
        "note": (str, Field(default="", max_length=300, title=_("Note"))),
    }
    if listed:
        fields |= {
            "services": (
                str,
                Field(
                    default="",
                    max_length=400_000,
                    title=_("Numbers of services"),
                    description=_("As in S000012, one a line or with commas between."),
                    json_schema_extra={"widget": "textarea", "rows": 3, "section": _("Which services")},
                ),
            ),
            "file": (
                Any,
                Field(
                    default=None,
                    title=_("Or a file"),
                    description=_(
                        "CSV with a column service; further columns are values of each, such as sim or wifi_name."
                    ),
                    json_schema_extra={
                        "widget": "file",
                        "accept": ".csv,text/csv",
                        "section": _("Which services"),
                    },
                ),
            ),
        }
    for name, info in RolloutLimits.model_fields.items():
        own = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        extra: dict[str, JsonValue] = {
            **own,
            "section": _HOW,
            "width": "full" if name == "canary_goes_on" else "third",
        }
        fields[name] = (
            info.annotation,
            Field(
                default=info.default,
                title=info.title,
                description=info.description,
                json_schema_extra=extra,
                **_bounds(info),
            ),
        )
    return create_model("NewRollout", **fields)


def _bounds(info: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in info.metadata:
        for name in ("ge", "le"):
            if hasattr(one, name):
                found[name] = getattr(one, name)
    return found


def _choices(page: Page) -> list[JsonValue]:
    return [[value, label] for value, label in words.choices(page.ctx)]


def _picked(page: Page) -> str:
    """The signed selection that came from the list of services, if any."""
    return str(page.form_data.get("picked") or "") if page.request.method == "POST" else ""


def _chosen(page: Page, picked: str) -> list[ServiceWish]:
    found = page.app.lists[_SERVICES]
    rows = runs.chosen(page.ctx, found, verify("rollout", picked))
    return [ServiceWish(service=row["number"]) for row in rows]


def _extra(page: Page) -> Mapping[str, Any]:
    page.crumbs((str(_("Many at once")), _LIST), (str(_("Prepare")), ""))
    picked = _picked(page)
    return {"picked": picked, "count": len(_chosen(page, picked)) if picked else 0}


@PAGES.post(f"{_LIST}/selected", permission="provisioning.rollout.create", reads=True)
def selected(page: Page) -> Response:
    """The form for what was selected in the list of services."""
    form = page.form_data
    whole = form.get("all") == "1"
    chosen = (
        {"all": "1", "query": str(form.get("query", ""))}
        if whole
        else {"ids": ",".join(values_of(form, "ids"))}
    )
    rows = runs.chosen(page.ctx, page.app.lists[_SERVICES], chosen)
    page.title = ngettext("One service", "{n} services at once", len(rows))
    page.crumbs((str(_("Many at once")), _LIST), (str(_("Prepare")), ""))
    picked = sign("rollout", chosen)
    shown = page.form(_asked(page, listed=False), action=f"{_LIST}/new", submit=str(_("Look")), cancel=_LIST)
    return page.render("provisioning/rollout_new.html", form=shown, picked=picked, count=len(rows))


@PAGES.form(
    f"{_LIST}/new",
    permission="provisioning.rollout.create",
    schema=_schema,
    template="provisioning/rollout_new.html",
    title=_("Many at once"),
    extra=_extra,
    submit=_("Look"),
)
def new(page: Page, command: Any) -> Response:
    """Look at a list of services; nothing begins yet."""
    picked = _picked(page)
    if picked:
        wanted = _chosen(page, picked)
    elif getattr(command.file, "filename", ""):
        wanted = reading.from_file(page.ctx, command.file.file.read())
    else:
        wanted = reading.typed(command.services)
    wish = words.read(
        command.what, reason=command.reason, note=command.note, parameters=_values(command.parameters)
    )
    limits = RolloutLimits(**{name: getattr(command, name) for name in RolloutLimits.model_fields})
    rollout = operations.prepare(page.ctx, PrepareRollout(wish=wish, limits=limits, services=list(wanted)))
    return page.redirect(f"{_LIST}/{rollout.number}")


def _values(text: str) -> dict[str, str]:
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, mark, value = (part.strip() for part in line.partition(":"))
        if not line.strip():
            continue
        if not mark or not name:
            raise Refused(_("Line {n} is not like name: value.", n=number), field="parameters")
        found[name] = value
    return found


@PAGES.get(f"{_LIST}/{{number}}", permission="provisioning.rollout.list")
def show(page: Page, number: str) -> Response:
    """How far it is, and what became of each service."""
    row = queries.get(page.ctx, number)
    rollout = queries.view(row)
    page.title = rollout.title
    page.crumbs((str(_("Many at once")), _LIST), (rollout.number, ""))
    table = rows_table(number)
    return page.table(
        "provisioning/rollout.html",
        table,
        queries.list_rows(page.ctx, row),
        rollout=rollout,
        wanted=words.wanted(page.ctx, rollout),
        labels=STATE_LABELS,
        live=_is_live(rollout),
        here=f"{_LIST}/{number}",
    )


@PAGES.get(f"{_LIST}/{{number}}/status", permission="provisioning.rollout.list")
def status(page: Page, number: str) -> Response:
    """The figures by themselves while it is at work; then the whole page is asked for anew."""
    rollout = queries.view(queries.get(page.ctx, number))
    if not _is_live(rollout):
        return Response(status_code=_STOP_POLLING, headers={"HX-Refresh": "true"})
    return page.part("provisioning/rollout_status.html", rollout=rollout)


def _is_live(rollout: RolloutView) -> bool:
    return rollout.state is RolloutState.RUNNING or rollout.running > 0


@PAGES.post(f"{_LIST}/{{number}}/start", permission="provisioning.rollout.run")
def start(page: Page, number: str) -> Response:
    """Let it begin."""
    operations.start(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", str(_("It has begun.")))


@PAGES.post(f"{_LIST}/{{number}}/pause", permission="provisioning.rollout.run")
def pause(page: Page, number: str) -> Response:
    """Let nothing more begin."""
    operations.pause(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", str(_("Nothing more begins.")))


@PAGES.post(f"{_LIST}/{{number}}/go-on", permission="provisioning.rollout.run")
def go_on(page: Page, number: str) -> Response:
    """Go on after a pause."""
    operations.go_on(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", str(_("It goes on.")))


@PAGES.post(f"{_LIST}/{{number}}/stop", permission="provisioning.rollout.run")
def stop(page: Page, number: str) -> Response:
    """Leave the rest as it is."""
    operations.stop(page.ctx, number)
    return page.redirect(f"{_LIST}/{number}", str(_("The rest stays as it is.")))


@PAGES.post(f"{_LIST}/{{number}}/discard", permission="provisioning.rollout.create")
def discard(page: Page, number: str) -> Response:
    """Throw a list away that has not begun."""
    operations.discard(page.ctx, number)
    return page.redirect(_LIST, str(_("The list was thrown away.")))
