"""Hooks that inventory calls."""

from trunkline.plugin import hookspec


@hookspec
def inventory_holder_path(kind: str, label: str) -> str | None:
    """The page of an item's holder (`order_line` or `service`, called by its number `label`), or None when it is not yours.

    Called when an item's page or a list of items is drawn. The first answer counts.
    """
