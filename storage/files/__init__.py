"""How a SQLite file of ours is opened, locked, migrated, checked, mended and replaced; its rows.

May import nothing of `storage` outside of it.
"""
