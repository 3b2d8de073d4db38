"""Small random graphs: an operator whose attributes and extents are drawn, nodes before it that do not change a bit of what goes in, and
nodes behind it that a compiler may want to fuse with it."""

from graph_draws.graph import Graph
from graph_draws.draw import draw, operators

__all__ = ["Graph", "draw", "operators"]
