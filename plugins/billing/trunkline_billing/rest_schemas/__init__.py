"""What the REST routes of billing take and give: amounts as decimal text beside their currency."""
