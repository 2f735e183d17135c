"""Who the customer is and who may do what."""
