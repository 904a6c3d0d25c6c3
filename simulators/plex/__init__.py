"""A simulated Plex Media Server: real HTTP on loopback, switches where evidence conflicts."""
