"""Trunkline plugin: accounts, rating, invoices and payments."""
