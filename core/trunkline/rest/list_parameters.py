"""The query parameters of a list over REST, read off the table that answers it: for the OpenAPI document."""

from typing import Any

from trunkline.web.table_filters import Filter
from trunkline.web.tables import Table

Parameter = dict[str, Any]
_TEXT: dict[str, Any] = {"type": "string"}
_WHOLE: dict[str, Any] = {"type": "integer", "minimum": -(10**12) + 1, "maximum": 10**12 - 1}
_AMOUNT: dict[str, Any] = {"type": "string", "pattern": r"^-?[0-9]{1,11}(\.[0-9]{1,6})?$"}
_KINDS: dict[str, dict[str, Any]] = {
    "dates": {"type": "string", "format": "date"},
    "number": _WHOLE,
    "money": _AMOUNT,
    "bool": {"type": "boolean"},
    "text": _TEXT,
}
_ENDS = {"from": "{label}: this day or later", "to": "{label}: this day or earlier"}
_BOUNDS = {"min": "{label}: at least so much", "max": "{label}: at most so much"}


def list_parameters(table: Table) -> list[Parameter]:
    """What a reader of the list may ask beside `limit` and `cursor`, in the words and with the values of its page."""
    found = [_parameter("q", {**_TEXT, "maxLength": 200}, _about_search(table))] if table.searches else []
    views = [tab for tab in table.tabs if tab.value]
    if views:
        told = "; ".join(f"`{tab.value}`: {tab.label}" for tab in views)
        schema = {**_TEXT, "enum": [tab.value for tab in views]}
        found.append(_parameter("view", schema, f"One of the list's views, without it every row. {told}."))
    found += [parameter for entry in table.filters for parameter in _of_filter(entry)]
    return [*found, _sort(table)]


def sorts_of(table: Table) -> list[str]:
    """What the list can be sorted by, its own order included."""
    offered = {column.sort_key for column in table.columns if column.sort_key}
    return sorted(offered | {table.sort.lstrip("-")})


def _sort(table: Table) -> Parameter:
    orders = [f"{sign}{name}" for name in sorts_of(table) for sign in ("", "-")]
    schema = {**_TEXT, "enum": orders, "default": table.sort}
    return _parameter("sort", schema, "The order; `-` in front begins with the highest.")


def _about_search(table: Table) -> str:
    return str(table.search_label) or "Words to look for"


def _of_filter(entry: Filter) -> list[Parameter]:
    label = str(entry.label)
    if entry.is_range:
        words = _ENDS if entry.kind == "dates" else _BOUNDS
        return [
            _parameter(name, _KINDS[entry.kind], words[name.rpartition("_")[2]].format(label=label))
            for name in entry.names
        ]
    if entry.kind in _KINDS:
        return [_parameter(entry.key, _KINDS[entry.kind], label)]
    one = {**_TEXT, "enum": entry.offered} if entry.choices and not entry.changing else _TEXT
    several = {"type": "array", "items": one}
    told = "; ".join(f"`{value}`: {words}" for value, words in _words(entry))
    about = f"{label}; a comma separates several. {told}".strip().rstrip(".")
    # One parameter with commas: the way that lists read it, and that stays short in an address.
    return [{**_parameter(entry.key, several, about), "style": "form", "explode": False}]


def _words(entry: Filter) -> list[tuple[str, str]]:
    """Values beside what the page calls them, where that says more."""
    if entry.changing or entry.kind != "choice":
        return []
    named = [(str(getattr(value, "value", value)), str(label)) for value, label in entry.choices]
    return [(value, label) for value, label in named if label.lower() != value.replace("_", " ").lower()]


def _parameter(name: str, schema: dict[str, Any], description: str) -> Parameter:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}
