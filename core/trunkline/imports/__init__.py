"""Bringing files in: one contract for the command line and the upload page."""

from trunkline.imports.importer import Importer, ImportOptions, ImportReport, RefusedRow

__all__ = ["ImportOptions", "ImportReport", "Importer", "RefusedRow"]
