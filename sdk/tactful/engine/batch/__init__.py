"""Many customers at once: their values in columns, each condition evaluated once for each distinct value."""
