"""One function a picture: takes a result, returns Axes."""
