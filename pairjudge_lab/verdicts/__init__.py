"""The verdict table: its columns, its codes, and every conversion of verdicts to and from them."""
