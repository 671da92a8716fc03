"""Studies over many runs: parameter spaces, sweeps, what-if."""
