"""The ledger: what the sources say of one business, kept for ever."""
