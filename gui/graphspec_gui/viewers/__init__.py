"""Looking inside the network: data, activations, weights, occlusion and predictions."""
