"""What the error of each leg of the rate card is: our own rows, with the multipliers that the facts give."""

from pathlib import Path

from csv_tables import Row, read_csv

from factor_set.facts import EDITION, number, read

LEGS = Path(__file__).parents[1] / "uncertainty_legs.csv"


def uncertainties(folder: Path) -> list[Row]:
    """Return one row per leg and kind; ``fact`` of our rows names the parameter whose multipliers it takes."""
    facts = {row["parameter"]: row for row in read(folder, "uncertainty")}
    return [_row(leg, facts[leg["fact"]] if leg["fact"] else None) for leg in read_csv(LEGS)]


def _row(leg: Row, fact: Row | None) -> Row:
    return {
        **{name: value for name, value in leg.items() if name != "fact"},
        "low_multiplier": number(fact["low_multiplier"]) if fact else "",
        "high_multiplier": number(fact["high_multiplier"]) if fact else "",
        "evidence_n": leg["evidence_n"] or (fact["evidence_n"] if fact else ""),
        "source_release": EDITION,
        "licence": "published facts" if fact else "own estimate",
        "verification": "stored" if fact else "estimate",
    }
