"""Connections of tactful to other systems, a file for each, found by name and loaded only when asked for."""
