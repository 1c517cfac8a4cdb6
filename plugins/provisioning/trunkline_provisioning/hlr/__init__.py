"""The home location register: its command line, what a subscriber is there, and the one that runs beside a worker."""
