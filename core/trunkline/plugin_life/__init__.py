"""The life of plugins: listing, checking, enabling, disabling and purging them, and the pages that show how they are."""
