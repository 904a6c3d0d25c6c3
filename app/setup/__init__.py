"""Connecting to Plex: where the token is kept, signing in, finding servers."""
