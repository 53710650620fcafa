"""The database: models, migrations, repositories; secrets sealed at rest."""
