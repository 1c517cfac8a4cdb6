"""How network elements, playbooks, rollouts and differences are found."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from trunkline.i18n import gettext as _
from trunkline.i18n import translate
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchKind, SearchLookup
from trunkline.search.lookups import begun, numbered
from trunkline.search.marking import follow
from trunkline_provisioning import library
from trunkline_provisioning.models import ProvisioningElement, ProvisioningFinding, ProvisioningRollout
from trunkline_provisioning.network_audit import operations as audits
from trunkline_provisioning.network_audit.tables import KIND_LABELS
from trunkline_provisioning.rollouts import queries as rollouts


def _elements(ctx: Context, ids: Sequence[int]) -> Sequence[SearchDocument]:
    rows = ctx.session.scalars(select(ProvisioningElement).where(col(ProvisioningElement.id).in_(ids)))
    return [
        SearchDocument(
            kind="network_element",
            id=row.key,
            title=row.label,
            subtitle=" · ".join(filter(None, (row.name, row.host))),
            path=f"/provisioning/elements/{row.name}/edit",
            permission="provisioning.element.edit",
            icon="server",
        )
        for row in rows
    ]


def _all_elements(ctx: Context) -> Sequence[int]:
    return [key for key in ctx.session.scalars(select(col(ProvisioningElement.id))) if key is not None]


def _playbooks(ctx: Context, query: str) -> Sequence[SearchDocument]:
    return [
        SearchDocument(
            kind="playbook",
            id=0,
            title=name,
            path=f"/provisioning/playbooks/{name}",
            permission="provisioning.playbook.view",
            icon="book",
        )
        for name in library.library(ctx.app)
        if begun(query, name.replace("_", " "))
    ]


def _rollout(ctx: Context, rollout: ProvisioningRollout) -> SearchDocument:
    return SearchDocument(
        kind="rollout",
        id=rollout.key,
        title=rollout.title,
        subtitle=rollout.number,
        path=f"/provisioning/rollouts/{rollout.number}",
        permission="provisioning.rollout.list",
        icon="stack-2",
    )


def _finding(ctx: Context, finding: ProvisioningFinding) -> SearchDocument:
    return SearchDocument(
        kind="network_finding",
        id=finding.key,
        title=finding.number,
        subtitle=" · ".join((translate(KIND_LABELS[finding.kind]), finding.subject)),
        path=f"/provisioning/differences/{finding.number}",
        permission="provisioning.audit.list",
        customer_id=finding.customer_id,
        icon="arrows-diff",
    )


SEARCH_KINDS = (
    SearchKind(
        "network_element",
        _("Network elements"),
        _elements,
        _all_elements,
        "provisioning.element.edit",
        page="/provisioning/elements/{name}/edit",
        order=420,
    ),
)
SEARCH_LOOKUPS = (
    SearchLookup(
        "playbook",
        _("Playbooks"),
        _playbooks,
        "provisioning.playbook.view",
        page="/provisioning/playbooks/{name}",
        order=420,
    ),
    SearchLookup(
        "rollout",
        _("Many at once"),
        numbered(rollouts.get, _rollout),
        "provisioning.rollout.list",
        numbers="rollout",
        page="/provisioning/rollouts/{number}",
    ),
    SearchLookup(
        "network_finding",
        _("Network and system"),
        numbered(audits.finding, _finding),
        "provisioning.audit.list",
        numbers="network_finding",
        page="/provisioning/differences/{number}",
    ),
)
follow(ProvisioningElement, "network_element", "name", "label", "host")
