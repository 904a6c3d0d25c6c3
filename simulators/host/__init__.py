"""A page that hosts the plugin's own page as Stash's interface does, so that it can be seen and
tested without a Stash."""
