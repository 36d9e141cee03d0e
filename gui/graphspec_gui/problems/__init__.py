"""The problems dock."""
