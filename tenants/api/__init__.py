"""What the machine API has in common: tokens, problems in words, limits, and places."""
