"""Parts of the road network's mesh: lane surfaces, junctions, marks and painted objects."""
