"""Which items of Plex the scenes of jobs are, and how long a job waits for a scan."""
