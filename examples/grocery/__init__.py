"""A grocer with 2,469 real households: its policy, and the demo that decides by it."""
