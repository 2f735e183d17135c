"""Invoices and payments: what they name, and what they say of deals and customers."""
