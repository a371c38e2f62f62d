"""How an answer that was taken back in a table of yours reaches an edge. It writes nothing into the table."""

import logging

import tactful

from .consent_columns import ConsentColumn

_log = logging.getLogger("tactful")


def withdraw(edge: tactful.Edge, customer: str, column: ConsentColumn) -> None:
    """Keep a withdrawal where the edge's consents can be kept; elsewhere the table alone says it, and is read anew."""
    try:
        edge.opt_out(customer, column.purpose, channel=column.channel)
    except tactful.UsageError:
        edge.forget(customer)  # the edge's consents are this table and nothing else
    except tactful.StoreError as error:
        said = "a withdrawal counts here and by its row, and is not kept for partners and other edges: %s"
        _log.error(said, error.code)
