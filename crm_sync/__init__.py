"""What the sources say, kept faithfully."""
