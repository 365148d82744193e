"""How Alembic runs our migrations: on the engine it is handed, in one transaction each."""

from alembic import context

from opendata.db.models import Base, UtcDateTime


def render_item(kind: str, item: object, _: object) -> str | bool:
    """Write our own column type as the plain one below it: a migration must not change when our code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
