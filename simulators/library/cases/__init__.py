"""The cases of a generated library, one module for each kind."""
