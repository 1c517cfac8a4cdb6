"""Contracts with customers: terms, documents, acceptances, indexations and how they end."""
