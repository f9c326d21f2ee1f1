"""Checks: from the annotation of a field to the code that accepts or refuses its values."""
