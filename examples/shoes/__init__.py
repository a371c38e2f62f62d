"""A shoe shop: one story over web, message and store, and how it does not happen without consent."""
