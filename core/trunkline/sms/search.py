"""How text messages are found: by their number."""

from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import SearchDocument, SearchLookup
from trunkline.search.lookups import numbered
from trunkline.sms import queries
from trunkline.sms.models import Sms
from trunkline.web.writing import phone_text


def _shown(ctx: Context, sms: Sms) -> SearchDocument:
    return SearchDocument(
        kind="sms",
        id=sms.key,
        title=sms.number,
        subtitle=phone_text(sms.recipient),
        path=f"/text-messages/{sms.number}",
        permission="core.sms.view",
        customer_id=sms.customer_id,
        icon="message",
    )


SEARCH_LOOKUPS = (
    SearchLookup(
        "sms",
        _("Text messages"),
        numbered(queries.get, _shown),
        "core.sms.view",
        numbers="sms",
        page="/text-messages/{number}",
    ),
)
