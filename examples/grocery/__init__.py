"""A grocer with 2,469 households: its policy, and the demo that decides by it."""
