"""Files that others wrote, read without trust; and files of ours, written whole or not at all."""
