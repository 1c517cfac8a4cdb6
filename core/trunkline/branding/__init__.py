"""Who the system presents itself as: one brand for everybody, and one for each host name or reseller that has its own."""
