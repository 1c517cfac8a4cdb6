"""How the directory is."""

from collections.abc import Sequence

from trunkline.errors import Unavailable
from trunkline.i18n import gettext as _
from trunkline.operation import Context
from trunkline.plugin import Health, HealthReport
from trunkline_ldap.connection import address_of, searching
from trunkline_ldap.settings import LdapSettings

#: All servers together, in seconds: the status page waits for this.
_AT_MOST = 0.9


def reports(ctx: Context) -> Sequence[HealthReport]:
    """One line: which server answers, or why none does."""
    settings, name = ctx.settings(LdapSettings), str(_("Directory (LDAP)"))
    if not settings.addresses:
        return [
            HealthReport(
                name, Health.WARNING, _("No server is named."), _("See the settings of the plugin LDAP.")
            )
        ]
    try:
        with searching(settings, timeout=_AT_MOST / len(settings.addresses)) as connection:
            return [HealthReport(name, Health.OK, address_of(connection))]
    except Unavailable as error:
        remedy = _(
            "Its people cannot sign in; those whose password is kept here can. Test it at Administration → Directory."
        )
        return [HealthReport(name, Health.FAILED, error.message, remedy)]
