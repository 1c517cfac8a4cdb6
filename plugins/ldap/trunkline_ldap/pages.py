"""The page that tests the connection to the directory."""

from starlette.responses import Response

from trunkline.i18n import gettext as _
from trunkline.web.forms import Form
from trunkline.web.pages import Page, Pages
from trunkline_ldap import checking
from trunkline_ldap.checking import Findings
from trunkline_ldap.schemas import Test
from trunkline_ldap.settings import LdapSettings

PAGES = Pages()


@PAGES.get("/ldap", permission="ldap.directory.view")
def show_directory(page: Page) -> Response:
    """What is set up, and the test."""
    return _page(page, _form(page), None)


@PAGES.post("/ldap", permission="ldap.directory.view", reads=True)
def test_directory(page: Page) -> Response:
    """Test the connection and say how it went."""
    form = _form(page).parse(page.form_data)
    if not form.valid:
        return _page(page, form, None, 422)
    return _page(page, form, checking.look(page.ctx.settings(LdapSettings), form.command.name.strip()))


def _form(page: Page) -> Form[Test]:
    return page.form(Test, action="/ldap", submit=str(_("Test connection")))


def _page(page: Page, form: Form[Test], found: Findings | None, status: int = 200) -> Response:
    page.title = str(_("Directory"))
    page.crumbs((page.title, ""))
    return page.render(
        "ldap/directory.html",
        status=status,
        form=form,
        found=found,
        settings=page.ctx.settings(LdapSettings),
    )
