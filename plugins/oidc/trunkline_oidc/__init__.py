"""Trunkline plugin: sign-in at an identity provider (OpenID Connect)."""
