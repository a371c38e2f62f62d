"""The stages of a decision, a file each, and the corridor that leads through them."""
