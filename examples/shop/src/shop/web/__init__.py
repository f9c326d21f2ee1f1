"""Three front ends of the same shop, one per web framework: each takes a request apart and calls a service."""
