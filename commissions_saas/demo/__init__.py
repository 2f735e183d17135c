"""The demo group, and the embedded services that `run.py` starts."""
