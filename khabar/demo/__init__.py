"""A small press of four made-up outlets, served on loopback, so that Khabar can be seen at work without the net."""
