"""The countries of ISO 3166-1, for forms that ask for one and schemas that take one."""

from functools import cache

from babel import Locale

from trunkline.i18n import babel_locale, current_locale
from trunkline.search.folding import fold

#: What CLDR lists beside them: regions of other standards, reserved codes, groupings, codes for testing.
_OTHERS = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split())


@cache
def country_codes() -> frozenset[str]:
    """Every assigned alpha-2 code."""
    # CLDR lists UN M.49 areas under figures; those are no countries.
    return frozenset(str(code) for code in Locale("en").territories if str(code).isalpha()) - _OTHERS


def country_choices(home: str = "") -> list[tuple[str, str]]:
    """(code, name) in the reader's language and its order; `home`, the operator's, comes first."""
    listed = _sorted(current_locale())
    return [pair for pair in listed if pair[0] == home] + [pair for pair in listed if pair[0] != home]


def country_name(code: str) -> str:
    """What the reader calls a country; the code itself where nobody named it."""
    return str(babel_locale(current_locale()).territories.get(code, code))


@cache
def _sorted(locale: str) -> tuple[tuple[str, str], ...]:
    names = babel_locale(locale).territories
    pairs = ((code, str(names.get(code, code))) for code in country_codes())
    return tuple(sorted(pairs, key=lambda pair: fold(pair[1])))
