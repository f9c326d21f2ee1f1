"""The proof that every destination holds every record, through an outage of one of them."""
