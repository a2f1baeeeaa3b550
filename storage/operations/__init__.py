"""What the running of the archive is stored in: who does which work, who may ask, what was asked for."""
