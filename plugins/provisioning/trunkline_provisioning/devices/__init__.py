"""What speaks to network elements: read, compare, change only what differs, read again."""
