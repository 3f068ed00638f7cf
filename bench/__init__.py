"""How fast sessions are opened and questions taken, beside the bare SQL of the same work. See README.md."""
