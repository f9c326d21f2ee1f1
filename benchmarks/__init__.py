"""Measurements of e11y beside its peers, and of the promises that it makes about its cost.

``python -m benchmarks`` runs all of them; ``README.md`` says how they are taken.
"""
