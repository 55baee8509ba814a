"""The DuckDB warehouse: schema, sync driver, transactions, audits, snapshots. Knows no provider and no physics."""
