"""The document as JSON text beside the canvas."""
