"""What brings the fact tables into the schema of the factor set, one module for each kind of fact."""
