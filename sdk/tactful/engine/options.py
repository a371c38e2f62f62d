"""What bounds an edge. It bounds no decision."""

import attrs


@attrs.frozen
class Options:
    """
    What bounds an edge's memory and patience.

    Attributes:
        customers_max: So many customers are held at most.
        views_max: So many page views are remembered at most.
        refresh_s: A customer fetched longer ago than this is fetched again in the background [s].
        disclosures_s: So long is kept what was passed on to partners [s]; three years.
    """

    customers_max: int = 100_000
    views_max: int = 10_000
    refresh_s: int = 300
    disclosures_s: int = 3 * 365 * 86_400
