"""From a leak to what it shows of a title's marks: `read` is the way in."""
