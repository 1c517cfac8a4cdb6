"""Names as people see them: one line, without signs that cannot be seen or turn what stands beside them round."""

import re
from typing import Any

#: Widths of nothing, byte order marks, and the overrides and isolates of UAX #9. Joiners belong to emoji and words,
#: and a mark of direction turns nothing else.
_UNSEEN = re.compile(
    "[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\u0001-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f]"
)
#: Joiners and marks by themselves show nothing.
_ALONE = re.compile("[\u200c-\u200f\\s]*")


def one_line(value: Any) -> Any:
    """A text without unseen signs and with single blanks in place of line ends and tabs; anything else as it is."""
    if not isinstance(value, str):
        return value
    seen = " ".join(_UNSEEN.sub("", value).split())
    return "" if _ALONE.fullmatch(seen) else seen
