"""Euro NCAP's grids of crossing and rear-end tests, played with a rig and judged as Euro NCAP judges."""
