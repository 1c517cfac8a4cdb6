"""Lists of the console as things of their own: saved views, columns of others, actions on many rows, files of every row."""

from trunkline.lists.declared import ListColumns, ListOf, NoValues, RowAction

__all__ = ["ListColumns", "ListOf", "NoValues", "RowAction"]
