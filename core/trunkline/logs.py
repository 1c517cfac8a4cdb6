"""Structured logs on standard error: for people on a terminal, JSON lines elsewhere."""

import logging
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter


class _Structured(logging.Formatter):
    """structlog's formatter, loaded with the first record: a start that goes well writes none."""

    @cached_property
    def _inner(self) -> "ProcessorFormatter":
        import structlog

        shared: list[structlog.types.Processor] = [
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        renderer: structlog.types.Processor
        if sys.stderr.isatty():
            renderer = structlog.dev.ConsoleRenderer()
        else:
            shared.append(structlog.processors.format_exc_info)
            renderer = structlog.processors.JSONRenderer()
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )

    def format(self, record: logging.LogRecord) -> str:
        return self._inner.format(record)


def configure_logging(level: str = "") -> None:
    """Send every log record through structlog. `TRUNKLINE_LOG` sets the level (default INFO)."""
    wanted = (level or os.environ.get("TRUNKLINE_LOG", "INFO")).upper()
    handler = logging.StreamHandler()
    handler.setFormatter(_Structured())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(wanted)
    for noisy in ("huey", "uvicorn.error", "alembic", "httpx2", "httpcore2"):
        logging.getLogger(noisy).setLevel(max(logging.getLevelName(wanted), logging.WARNING))
