"""`python3 run.py bench`: sizes and form of the answer, from the command line."""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from typing import Any

from commissions_saas.bench import database
from commissions_saas.bench.rows import Row, table


def main() -> int:
    """Measure, print, and answer 1 where a goal is missed."""
    options = _options()
    with database.own_database():
        import django

        django.setup()
        return _measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    parser.add_argument("--quick", action="store_true", help="in under a minute")
    parser.add_argument("--deals", type=int, help="1,000,000 unless said")
    parser.add_argument("--payees", type=int, help="200 unless said")
    parser.add_argument("--rounds", type=int, help="3 unless said")
    given = parser.parse_args()
    given.deals = given.deals or (25_000 if given.quick else 1_000_000)
    given.payees = given.payees or (20 if given.quick else 200)
    given.rounds = given.rounds or (1 if given.quick else 3)
    return given


def _measure(options: argparse.Namespace) -> int:
    from commissions_saas.bench import growth, machine, measuring
    from commissions_saas.bench.work import Size
    from commissions_saas.lib.memory import settle

    database.make_tables()
    settle()  # as workers of the product and of its site do when they start
    size = Size(options.deals, options.payees)
    bench = measuring.Bench(size, options.rounds, tell=measuring.say)
    described = machine.description()
    bench.all()
    measuring.say("From a webhook to the page, the price of a plan, a first reading")
    bench.rows += _from_the_source(options)
    measuring.say("Doubling each dimension")
    small = Size(4_000 if options.quick else 50_000, 10 if options.quick else 50)
    bench.rows += growth.rows(small)
    answer: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {**described, "load_after": os.getloadavg()},
        "deals": size.deals,
        "payees": size.payees,
        "components": size.components,
        "rounds": options.rounds,
        "rows": [row.as_json() for row in bench.rows],
        "figures": bench.figures,
    }
    if options.json:
        print(json.dumps(answer, indent=1))  # noqa: T201
        return 0
    for name in ("machine", "figures"):
        for key, value in answer[name].items():
            print(f"{key}: {value}")  # noqa: T201
    print(f"\n{table(bench.rows)}")  # noqa: T201
    return 0 if all(row.is_met is not False for row in bench.rows) else 1


def _from_the_source(options: argparse.Namespace) -> list[Row]:
    """Measure what happens around a calculation: before it, and instead of it."""
    from commissions_saas.bench import arrival, impact_rows, ingest

    deals = 5_000 if options.quick else options.deals
    many = 10_000 if options.quick else max(20_000, options.deals // 10)
    return [
        *arrival.rows(),
        *impact_rows.rows(many, options.rounds),
        *ingest.rows(deals, options.payees, options.rounds),
    ]


if __name__ == "__main__":
    sys.exit(main())
