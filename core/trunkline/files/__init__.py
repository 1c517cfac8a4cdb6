"""Files that people attach: a row that says what it is and whose, and a store that keeps each content once."""
