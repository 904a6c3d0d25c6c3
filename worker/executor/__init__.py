"""Carries plans out: guard, journal, edit, pictures, read back, record, acknowledge."""
