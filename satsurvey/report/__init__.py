"""How results are shown: tables, and their forms for terminals, files and spreadsheets."""
