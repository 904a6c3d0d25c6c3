"""The task that hooks ask for: from the inbox to the queue, and from there to Plex."""
