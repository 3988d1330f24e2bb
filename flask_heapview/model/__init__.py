"""What a snapshot says: frozen typed structs. Imports nothing else of the package."""
