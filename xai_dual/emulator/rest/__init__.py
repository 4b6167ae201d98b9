"""The REST wire: JSON bodies read into the service's forms and written from them."""
