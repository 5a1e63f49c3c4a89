"""What is kept: SQL, migrations, drivers."""
