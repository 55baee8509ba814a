"""The comparisons: model against provider, model against tracker, and the queries behind reports."""
