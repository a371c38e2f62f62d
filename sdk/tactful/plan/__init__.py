"""A policy made ready to decide, once for all customers."""
