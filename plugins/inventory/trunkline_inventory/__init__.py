"""Trunkline plugin: SIM cards, numbers and equipment."""
