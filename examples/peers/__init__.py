"""Targeting with tactful and with libraries that people use today, side by side in one process: `python -m peers`."""
