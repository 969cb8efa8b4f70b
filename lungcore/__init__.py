"""Reading, labelling and learning from chest CT. Decision support, no certified device."""

__version__ = "0.1.0"
