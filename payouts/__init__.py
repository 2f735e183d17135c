"""From payable lines to money paid."""
