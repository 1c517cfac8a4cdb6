"""What pages say of drafts: keep it, and it is not wanted."""

import re

from starlette.responses import Response

from trunkline.drafts import keeping
from trunkline.errors import Refused
from trunkline.i18n import gettext as _
from trunkline.web.pages import SIGNED_IN, Page, Pages

pages = Pages(audience="any")
_WORD = re.compile(r"[a-z][a-z_]{0,39}")
_OURS = frozenset({"csrf_token", "draft_form", "draft_resume", "idempotency_key", "version"})


@pages.post("/drafts", permission=SIGNED_IN)
def keep(page: Page) -> Response:
    """Keep what is typed in a form. Sent by the page itself, a moment after the last key."""
    resume = str(page.form_data.get("draft_resume") or "")
    if not resume.startswith("/") or resume.startswith("//") or len(resume) > 300:
        raise Refused(_("This is no page of ours."), field="draft_resume")
    fields = [(name, value) for name, value in page.form_data.multi_items() if name not in _OURS]
    typed = [(name, value) for name, value in fields if isinstance(value, str)]
    keeping.keep(page.ctx, _form(page), resume, typed)
    return Response(status_code=204)


@pages.post("/drafts/discard", permission=SIGNED_IN)
def discard(page: Page) -> Response:
    """Throw a draft away and open the form anew."""
    offer = keeping.offered(page.ctx, _form(page))
    keeping.drop(page.ctx, _form(page))
    back = str(page.form_data.get("back") or "/")
    return page.redirect(back, str(_("The draft was thrown away.")) if offer is not None else "")


def _form(page: Page) -> str:
    word = str(page.form_data.get("draft_form") or "")
    if not _WORD.fullmatch(word):
        raise Refused(_("There is no such form."), field="draft_form")
    return word
