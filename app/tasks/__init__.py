"""One function for each task that a person starts."""
