"""Sign-in, the door in front of everything, and the routes that serve the browser."""
