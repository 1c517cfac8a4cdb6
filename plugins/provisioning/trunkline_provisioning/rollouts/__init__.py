"""Many at once: one change on a list of services, with a canary, a rate, a stop threshold and a report."""
