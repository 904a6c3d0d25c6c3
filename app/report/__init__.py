"""What the last reconcile found, as files for people and programs."""
