"""How Alembic runs our migrations: on the engine it is handed, in one transaction each."""

from alembic import context
from sqlalchemy import Connection

from opendata.db.migrating import LOCK_MILLISECONDS
from opendata.db.models import Base, UtcDateTime


def render_item(kind: str, item: object, _: object) -> str | bool:
    """Write our own column type as the plain one below it: a migration must not change when our code does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def check_references(connection: Connection, *, on: bool) -> None:
    """Have SQLite check references or not: while a table is copied to change it, those to it lead nowhere."""
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def wait_briefly(connection: Connection) -> None:
    """Give up on a table that readers hold, so that they, who queue up behind us, don't wait: `migrate` tries again."""
    if connection.dialect.name == "postgresql":
        connection.detach()  # the pool has no use for one that is so impatient
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_MILLISECONDS}ms'")
        connection.commit()


engine = context.config.attributes["engine"]

with engine.connect() as connection:
    check_references(connection, on=False)
    wait_briefly(connection)
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    check_references(connection, on=True)
