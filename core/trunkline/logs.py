"""Structured logs on standard error: for people on a terminal, JSON lines elsewhere."""

import json
import logging
import os
import sys
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """A record as one line of JSON: `event`, `level`, `logger`, `timestamp` (UTC), and `exception` and `stack` where there are.

    structlog would write the same and bring the whole of rich along, 7 MB in every process.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        return json.dumps(line)


def configure_logging(level: str = "") -> None:
    """Send every log record to standard error. `TRUNKLINE_LOG` sets the level (default INFO)."""
    wanted = (level or os.environ.get("TRUNKLINE_LOG", "INFO")).upper()
    # No line shows them, and each request writes one.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(_for_people() if sys.stderr.isatty() else JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(wanted)
    for noisy in ("huey", "uvicorn.error", "alembic", "httpx2", "httpcore2"):
        logging.getLogger(noisy).setLevel(max(logging.getLevelName(wanted), logging.WARNING))


def _for_people() -> logging.Formatter:
    import structlog

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(),
        ],
    )
