"""What is to change in one item: the three-way merge, the plan of an item, and drift.

Pure. May import `core`.
"""
