"""One file that holds the whole system but its keys: made while it runs, checked, and put back."""
