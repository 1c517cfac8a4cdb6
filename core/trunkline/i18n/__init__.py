"""Languages: translated strings, and figures and dates written the reader's way."""

from trunkline.i18n.dates import format_date, format_datetime, format_relative, format_time, localize
from trunkline.i18n.figures import (
    format_bytes,
    format_duration,
    format_money,
    format_number,
    format_percent,
    parse_decimal,
)
from trunkline.i18n.messages import DOMAIN, I18n, Lazy, _, gettext, install, ngettext, translate
from trunkline.i18n.reader import (
    DEFAULT_LOCALE,
    LANGUAGES,
    babel_locale,
    current_locale,
    current_zone,
    negotiate,
    set_locale,
    use_locale,
)

__all__ = [
    "DEFAULT_LOCALE",
    "DOMAIN",
    "LANGUAGES",
    "I18n",
    "Lazy",
    "_",
    "babel_locale",
    "current_locale",
    "current_zone",
    "format_bytes",
    "format_date",
    "format_datetime",
    "format_duration",
    "format_money",
    "format_number",
    "format_percent",
    "format_relative",
    "format_time",
    "gettext",
    "install",
    "localize",
    "negotiate",
    "ngettext",
    "parse_decimal",
    "set_locale",
    "translate",
    "use_locale",
]
