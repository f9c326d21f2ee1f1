"""The proof that the shop's failing requests tell their whole story."""
