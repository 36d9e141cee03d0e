"""Training from the app: the child process, and the dock that steers it."""
