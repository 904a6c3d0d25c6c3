"""Makes plans for scenes that were destroyed in Stash."""
