"""A stand-in for Close: a real HTTP server that speaks Close's protocol."""
