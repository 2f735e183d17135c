"""The project: wiring at the top, plain values at the bottom, no product logic."""
