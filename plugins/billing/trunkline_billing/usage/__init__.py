"""From usage records to rated rows: who used the service, what it costs, what is included, and what is stored."""
