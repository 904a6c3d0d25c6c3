"""Makes the plan of one scene's sync: fresh scene, whole items, owners, changes."""
