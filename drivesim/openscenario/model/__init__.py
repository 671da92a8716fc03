"""The standard's elements as frozen classes, a file per chapter."""
