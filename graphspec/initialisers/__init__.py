"""Rules that draw the first values of parameters, one per file."""
