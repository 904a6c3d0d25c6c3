"""Builds the release: the zip that Stash installs, and the index that it finds the zip in."""
