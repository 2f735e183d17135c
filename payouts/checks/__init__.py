"""The ledger's invariants, each a function that finds breaks; read by `verify_ledger`."""
