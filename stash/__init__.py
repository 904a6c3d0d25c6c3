"""The adapter of Stash: GraphQL, covers, its job queue. May import `storage` and `core`."""
