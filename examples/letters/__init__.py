"""A month's letter of a shop for cameras."""
