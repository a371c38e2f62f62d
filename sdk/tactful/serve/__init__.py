"""Decisions over HTTP, for apps and screens that are not Python. It decides nothing itself, and serves no pages."""
