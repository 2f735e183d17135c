"""What holds the rest up: services, settings, checks, health, logs."""
