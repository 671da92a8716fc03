"""Euro NCAP's grids of frontal collisions, played with a rig and judged as Euro NCAP judges."""
