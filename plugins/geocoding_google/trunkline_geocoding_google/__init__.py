"""Trunkline plugin: addresses of sites are looked up by Google's Geocoding API."""
