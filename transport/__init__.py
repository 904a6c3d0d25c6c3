"""HTTP exchanges with one server within limits, for both adapters: `stash` and `plex`.

- `http`: one request and its whole answer, within a deadline and a number of bytes.
- `patience`: whether an answer is waited for any longer.
- `retrying`: when a failed exchange is tried again, and after which pause.
- `decoding`: JSON of a server that may send anything; what came instead of it.

Nothing here knows Stash or Plex. May import `core`, urllib3 and certifi.
"""
