"""The verbs of payouts: prepare, decide, sign, export, pay."""
