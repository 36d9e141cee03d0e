"""Looking inside a model: gradient checks, and what its layers see and learn."""
