"""Amazon Web Services: bills and the Customer Carbon Footprint export."""
