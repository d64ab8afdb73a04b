"""Banks of known pictures: finding what is near their entries, and what follows."""
