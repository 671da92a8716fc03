"""Actions at work: started, stepped once per tick, done at some time."""
