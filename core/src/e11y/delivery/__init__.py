"""The way from the caller's append to each destination's acknowledgement."""
