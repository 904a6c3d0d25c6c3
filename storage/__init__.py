"""SQLite files with a schema version: records, journal, runs, plans, pins, the saved index.

May import `core`.
"""
