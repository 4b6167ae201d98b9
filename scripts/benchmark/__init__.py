"""What the client itself costs, beside its peers and the raw limits of both wires, in one run."""
