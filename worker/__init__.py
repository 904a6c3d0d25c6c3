"""Brings scenes to Plex: makers of plans, and the one executor that carries plans out.

May import the adapters, `storage` and `core`.
"""
