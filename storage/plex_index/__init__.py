"""`plex_index.db`: the listing of each Plex section, kept between runs; it only proposes."""
