"""The work that is traced: one file per framework, offline, with fakes in place of models and real everything else."""
