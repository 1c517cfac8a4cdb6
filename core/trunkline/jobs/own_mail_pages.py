"""What everybody chooses for themselves: whether failed jobs are mailed to them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from trunkline.auth import own_account
from trunkline.auth.impersonation.limits import in_person
from trunkline.i18n import gettext as _
from trunkline.jobs import failure_mail
from trunkline.jobs.failure_mail import Wish
from trunkline.web.pages import Page, Pages

pages = Pages()


_WISHES: dict[str, Any] = {
    "widget": "radio",
    "choices": [
        (Wish.AS_SET, _("As the settings say: those who may retry jobs get a mail")),
        (Wish.ALWAYS, _("Mail me")),
        (Wish.NEVER, _("Do not mail me")),
    ],
}


class OwnJobMails(BaseModel):
    """What somebody wants to hear about failed jobs."""

    model_config = ConfigDict(extra="forbid")

    wish: Wish = Field(
        Wish.AS_SET,
        title=_("When a job fails"),
        json_schema_extra=_WISHES,
    )


def on_profile(page: Page, _subject: object) -> str | None:
    """The choice on one's own account page; programs and portal users have none."""
    user = own_account.own_user(page.ctx)
    form = page.form(OwnJobMails, {"wish": failure_mail.wish_of(user)})
    return page.fragment("jobs/own_mail.html", field=form["wish"])


@pages.post("/profile/job-mails", permission="core.job.view")
def choose(page: Page) -> Response:
    in_person(page.ctx)
    failure_mail.choose(page.ctx, page.command(OwnJobMails).wish)
    return page.redirect("/profile", str(_("Saved.")))
