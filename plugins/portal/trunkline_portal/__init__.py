"""Trunkline plugin: the customer's own pages."""
