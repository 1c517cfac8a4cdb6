"""Comparing what the network holds with what the system believes, naming each difference, and offering the repair."""
