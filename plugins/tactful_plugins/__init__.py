"""Guardrails, rankers and rule functions that come with tactful, a file for each, through the same hooks as anyone's."""
