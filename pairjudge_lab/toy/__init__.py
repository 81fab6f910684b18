"""The small world: arithmetic chains, models that solve and judge them, and a teacher."""
