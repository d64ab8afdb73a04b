"""How dates and times read here, by language."""
