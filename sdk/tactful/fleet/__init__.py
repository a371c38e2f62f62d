"""Many devices behind a relay: how they are let in, told apart, kept up to date, and made to forget.

A relay opens `fleet.routes` beside its own; a kiosk runs `fleet.upkeep`; `tactful fleet` and its neighbours look on.
"""
