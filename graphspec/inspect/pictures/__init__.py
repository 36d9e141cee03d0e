"""Pictures of data, losses and networks, each with the numbers that it is drawn from."""
