"""One module for each file format: from a payout run to bytes."""
