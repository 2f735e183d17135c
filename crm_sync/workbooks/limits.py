"""How much of a file is read, so that a hostile one ends in a sentence."""

from crm_sync.contract import ConfigurationProblem

LARGEST_FILE = 20_000_000
MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 32_767
LONGEST_NAME = 200


def too_many_rows() -> ConfigurationProblem:
    """Return the refusal of a file with too many rows."""
    return ConfigurationProblem(
        f"The file has more than {MOST_ROWS:,} rows.",
        hint="Split it into several files.",
    )
