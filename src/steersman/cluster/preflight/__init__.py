"""What a machine must have before a cluster can start on it: `machine` observes, `verdict` decides."""
