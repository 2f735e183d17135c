"""Plans and what they earn."""
