"""A small web shop, instrumented with e11y."""
