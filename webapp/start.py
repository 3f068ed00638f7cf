"""`python -m webapp.start`: what `make run` and `make dev` do. A wrong setting is one line, not a traceback."""

from __future__ import annotations

import sys

import click
from sqlalchemy.exc import OperationalError

from webapp import create_app
from webapp.config import Config, ConfigError
from webapp.seeding import seed_everything
from webapp.serving import get_ready, migrate, one_at_a_time, serve


def main(arguments: list[str]) -> int:
    """Check the settings, migrate, seed, serve; returns the exit status if serving cannot begin."""
    try:
        config = Config.from_env()
        app = create_app(config)
        with app.app_context():
            with one_at_a_time():
                migrate(app)
                seed_everything(app)
            get_ready(config)
        serve(config, development="--development" in arguments)
    except ConfigError as error:
        click.echo(f"Bankside cannot start. {error}", err=True)
        return 2
    except OSError as error:
        click.echo(f"Bankside cannot start. {error.filename or 'A file'}: {error.strerror or error}", err=True)
        return 2
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        click.echo(f"Bankside cannot start. The database (DATABASE_URL) cannot be used: {reason}", err=True)
        return 2
    except click.ClickException as error:
        click.echo(f"Bankside cannot start. {error.format_message()}", err=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
