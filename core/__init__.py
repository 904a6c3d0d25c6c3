"""Decides, and knows no outside: fields, normal forms, matching, planning, guards.

Pure: standard library only, no input or output, no clock, no logging. May import nothing else.
"""
