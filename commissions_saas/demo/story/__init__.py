"""The demo's story: who works where, what they sold, and what was edited when."""
