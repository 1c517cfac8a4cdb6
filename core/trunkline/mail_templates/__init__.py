"""Letters as the operator words them: kept in the database, checked and previewed before they count."""
