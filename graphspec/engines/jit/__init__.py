"""The fast CPU engine: a plan compiled to native code (see docs/engine.md)."""
