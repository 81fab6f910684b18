"""What position, noise and length cost: Best-of-N accuracy with and without them."""

from pairjudge_lab.price.margins import margins_of
from pairjudge_lab.price.pricing import EFFECTS, Price, price, prices_frame

__all__ = ["EFFECTS", "Price", "margins_of", "price", "prices_frame"]
