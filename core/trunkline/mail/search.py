"""How e-mails are found: by their number."""

from trunkline.i18n import gettext as _
from trunkline.mail import queries
from trunkline.mail.models import Email
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.lookups import numbered


def _shown(ctx: Context, email: Email) -> SearchDocument:
    return SearchDocument(
        kind="email",
        id=email.key,
        title=email.number,
        subtitle=email.subject,
        path=f"/emails/{email.number}",
        permission="core.email.view",
        customer_id=email.customer_id,
        icon="mail",
    )


SEARCH_LOOKUPS = (
    SearchLookup(
        "email",
        _("E-mails"),
        numbered(queries.get, _shown),
        "core.email.view",
        numbers="email",
        page="/emails/{number}",
    ),
)
