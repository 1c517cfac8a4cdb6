"""Files that billing takes: tariffs and usage."""
