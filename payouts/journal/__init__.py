"""The double-entry record of money owed and paid."""
