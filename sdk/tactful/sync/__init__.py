"""How an edge with a store of its own follows a centre: consents in, profiles in, events out. It decides nothing.

Push is a hint, pull is the truth. Each of the three goes by itself: what cannot be sent holds up no consent.
"""
