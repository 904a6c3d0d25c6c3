"""Tells people elsewhere what has happened: once of each event, by webhooks or by Apprise."""
