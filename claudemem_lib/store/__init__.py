"""The one SQLite file: nobody else imports apsw, and no SQL text stands anywhere else."""
