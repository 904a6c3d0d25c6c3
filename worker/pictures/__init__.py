"""Posters and backgrounds: the cover of a scene, its fit, and what an item shows."""
