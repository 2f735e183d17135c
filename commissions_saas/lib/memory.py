"""How the memory of a worker is looked after while it makes many values."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def settle() -> None:
    """Let the collector look no more at what is loaded for good.

    It goes through all there is now and then: for tens of milliseconds of a request.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector out of a piece of work: it makes many values and no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
