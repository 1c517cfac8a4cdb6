"""Trunkline plugin: sign-in by an LDAP directory or Active Directory."""
