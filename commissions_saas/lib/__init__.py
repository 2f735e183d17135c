"""Values that every app may use; imports nothing of ours and nothing of Django."""
