"""The health check: is all set up so that it can work, and what is to be done if not."""
