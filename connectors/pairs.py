"""Labels as BigQuery keeps them, a list of keys and values, become a map; for the formats that Google delivers."""

from connectors.tabular import Column


def text_of(column: Column) -> str:
    """Return the SQL of a list as JSON text."""
    return column.ref if column.kind == "VARCHAR" else f"to_json({column.ref})::varchar"


def map_of_pairs(text: str, key: str = "key", value: str = "value") -> str:
    """Return the SQL that turns the JSON list ``[{"key": "team", "value": "search"}]``, or an object, into a map.

    Of a key, the first counts. An empty cell is a row without labels; a text that is neither is null.
    """
    pairs = f"""from_json(try_cast({text} as json), '[{{"{key}": "VARCHAR", "{value}": "VARCHAR"}}]')"""
    keys, values = (f"list_transform({pairs}, lambda pair: pair.{field})" for field in (key, value))
    kept = (
        f"list_filter({pairs}, lambda pair, place: "
        f"pair.{key} is not null and pair.{value} is not null and list_position({keys}, pair.{key}) = place)"
    )
    entries = f"map_entries(try_cast(try_cast({text} as json) as map(varchar, varchar)))"
    given = f"map_from_entries(list_filter({entries}, lambda entry: entry.value is not null))"
    return (
        f"case when coalesce({text}, '') in ('', 'null', '[]') then map {{}}::map(varchar, varchar) "
        f"when {text} like '{{%' then {given} "
        f"when len(list_distinct({keys})) = len({pairs}) and list_count({values}) = len({pairs}) "
        f"then map_from_entries({pairs}) else map_from_entries({kept}) end"
    )
