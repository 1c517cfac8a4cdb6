"""Trunkline plugin: products, orders and services."""
