"""The bank's door: what Bankside asks of a bank, and the invented bank that comes with it.

The protocols and value types need the standard library only, so that a bank can implement them
without installing anything of ours.
"""
