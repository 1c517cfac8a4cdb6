"""Roles by group, as operators write them for a directory or an identity provider: one `role: group` a line."""

from collections.abc import Iterable, Mapping, Sequence

from trunkline.i18n import gettext

_ = gettext


def parse_role_map(text: str) -> dict[str, list[str]]:
    """Groups by role, from lines `role: group`. Raises ValueError naming the line that is no such pair."""
    found: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        role, colon, group = line.partition(":")
        if not colon or not role.strip() or not group.strip():
            raise ValueError(
                _("Line {number} is not “role: group”: {line}", number=number, line=line.strip())
            )
        found.setdefault(role.strip(), []).append(group.strip())
    return found


def roles_for(
    groups: Iterable[str], mapping: Mapping[str, Sequence[str]], fallback: str = ""
) -> tuple[str, ...]:
    """Names of the roles that these groups give, in the mapping's order; `fallback` where they give none."""
    held = {group.casefold() for group in groups}
    found = tuple(role for role, names in mapping.items() if any(name.casefold() in held for name in names))
    return found or ((fallback,) if fallback else ())
