"""Statistics of judges and selections: arrays and tables in, small frozen results out."""
