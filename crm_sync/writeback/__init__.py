"""What we write into the sources: off until somebody turns it on."""
