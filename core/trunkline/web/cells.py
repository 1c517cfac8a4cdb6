"""The cells of a list, drawn in Python: a page has hundreds of them, and a template takes ten times as long for each.

Every value is escaped here; only what is markup already (`__html__`) passes as it is.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape
from sqlalchemy import RowMapping

from trunkline import i18n
from trunkline.web.table_params import figure
from trunkline.web.tones import tone_of
from trunkline.web.writing import breakable, email_text, identifier_text, moment_text, money_text, phone_text

if TYPE_CHECKING:
    from trunkline.web.tables import Column

Draw = Callable[[Any, RowMapping], str]
Svg = Callable[..., Markup]

_NOWRAP = {
    "datetime",
    "date",
    "month",
    "relative",
    "mono",
    "identifier",
    "money",
    "phone",
    "duration",
    "bytes",
}
_SOFT = {"datetime", "date", "month", "relative", "mono", "identifier", "phone"}
_MONO = {"mono", "identifier"}


def row_drawer(
    columns: "Sequence[Column]", lead: "Column", svg: Svg
) -> Callable[[RowMapping, str | None], Markup]:
    """A function that draws the cells of a row; that of `lead` names it. The second argument is where the row leads."""
    drawers = [_cell_drawer(column, column is lead, svg) for column in columns]

    def draw(row: RowMapping, href: str | None) -> Markup:
        return Markup("".join([draw_cell(row, href) for draw_cell in drawers]))  # noqa: S704 — escaped below

    return draw


def _cell_drawer(column: "Column", first: bool, svg: Svg) -> Callable[[RowMapping, str | None], str]:
    value_of, link_of, icon_of, under_of = column.read, column.link, column.icon_name, column.subtitle
    inner = _value_drawer(column)
    kind = str(column.kind)
    classes = _classes(column, kind, first)
    head = f' data-head="{escape(column.label)}"' if column.named else ""
    linked = f'<td class="{classes}"{head}>'
    plain = f'<td class="{classes} font-monospace"{head}>' if kind in _MONO else linked
    anchor = '<a class="font-monospace" href="' if kind in _MONO else '<a href="'
    nothing = f'<span class="text-secondary nil">{escape(column.empty)}</span>'
    layered = bool(column.sub or column.icon)

    def draw(row: RowMapping, row_href: str | None) -> str:
        value = value_of(row)
        text = nothing if value is None or value == "" else inner(value, row)
        if first:
            text = breakable(Markup(text))  # noqa: S704 — escaped by the drawer of its kind
        href = link_of(row) or (row_href if first else None)
        if href:
            text = f'{anchor}{escape(href)}">{text}</a>'
        if layered:
            icon, under = icon_of(row), under_of(row)
            mark = f'<span class="ic no-sm" aria-hidden="true">{svg(icon)}</span>' if icon else ""
            small = f"<small>{escape(_under(under))}</small>" if under is not None and under != "" else ""
            text = f'<div class="cell">{mark}<div class="cell-text">{_block(text)}{small}</div></div>'
        return f"{linked if href else plain}{text}</td>"

    return draw


def _under(value: Any) -> Any:
    return identifier_text(value) if isinstance(value, str) else value


def _block(text: str) -> str:
    """Text without a tag of its own gets one, so that it can be shortened."""
    return text if text.startswith("<") else f"<span>{text}</span>"


def _classes(column: "Column", kind: str, first: bool) -> str:
    names = ["lead"] if first else []
    if column.end:
        names.append("n")
    if column.priority > 1:
        names.append(f"p{column.priority}")
    if column.named:
        names.append("named")
    if kind in _SOFT and not first:
        names.append("soft")
    if kind in _NOWRAP:
        names.append("text-nowrap")
    return " ".join(names)


def _value_drawer(column: "Column") -> Draw:
    kind = str(column.kind)
    if kind == "status":
        return lambda value, row: (
            f'<span class="status status-{tone_of(value)}"><span class="status-dot"></span>'
            f"{escape(column.text(value))}</span>"
        )
    if kind == "money":
        return lambda value, row: _money(column, value, row)
    if kind in ("datetime", "date", "relative"):
        return lambda value, row: str(moment_text(value, kind))
    if kind == "tags":
        return lambda value, row: " ".join(
            f'<span class="badge badge-outline">{escape(item)}</span>' for item in value
        )
    if kind == "html":
        return lambda value, row: str(escape(value))
    if column.labels:
        return lambda value, row: str(escape(column.text(value)))
    plain = _PLAIN.get(kind, str)
    return lambda value, row: str(escape(value if hasattr(value, "__html__") else plain(value)))


def called(column: "Column", value: Any) -> str:
    """What the cell calls its row, as words alone."""
    kind = str(column.kind)
    return (
        phone_text(value)
        if kind == "phone"
        else identifier_text(value)
        if kind == "identifier"
        else column.text(value)
    )


def _money(column: "Column", value: Any, row: RowMapping) -> str:
    # PostgreSQL adds integers of 64 bits up to a numeric.
    if isinstance(value, int | Decimal):
        return str(money_text(int(value), column.money_currency(row)))
    return str(money_text(value.micros, value.currency))


_PLAIN: dict[str, Callable[[Any], str]] = {
    "number": i18n.format_number,
    "count": figure,
    "bytes": i18n.format_bytes,
    "month": i18n.format_month,
    "duration": i18n.format_duration,
    "phone": phone_text,
    "identifier": identifier_text,
    "email": email_text,
    "bool": lambda value: i18n.translate("Yes" if value else "No"),
}
