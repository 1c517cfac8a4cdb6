"""What lists declare to the trunk."""
