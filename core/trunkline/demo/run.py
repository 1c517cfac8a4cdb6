"""`trunkline demo`: make the sample operator once, then serve it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from trunkline.config import CONFIG_FILE, Config
from trunkline.errors import ConfigError

#: With this seed the five hundred customers want just eight hundred services.
SEED = 65
_MARKER = "demo.json"
_CONFIG = """\
# The sample operator. `trunkline --config {path} …` works on it with every other command.
data = "{data}"
operator_name = "Conecta Sul"
time_zone = "America/Sao_Paulo"
currency = "BRL"
country = "BR"

[mail]
sender = "Conecta Sul <nao-responda@conectasul.example>"
"""


def demo(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    data: Path = Path("demo-data"),
    scale: float = 1.0,
    seed: int = SEED,
    serve: bool = True,
    say: Callable[[str], None] = print,
) -> int:
    """Make the sample operator in `data` unless it is there already, print its sign-ins, and serve it.

    Returns the exit status. Raises ConfigError when the folder cannot be used, or the address is taken.
    """
    path = _config_file(data)
    config = Config.load(path, host=host, port=port)
    if serve:
        return _make_then_serve(config, path, host, port, data, scale, say)
    if not (data / _MARKER).exists():
        _make(config, data, scale, seed, say)
    _welcome(config, data, scale, say)
    return 0


def _make_then_serve(
    config: Config, path: Path, host: str, port: int, data: Path, scale: float, say: Callable[[str], None]
) -> int:
    from trunkline.logs import configure_logging
    from trunkline.serve import check_address, supervise

    # Before a minute of work, not after.
    check_address(config)
    if (data / _MARKER).exists():
        _welcome(config, data, scale, say)
    else:
        # Making takes memory that whoever supervises for days should not keep.
        command = [sys.executable, "-m", "trunkline.cli", "demo", "--no-serve"]
        command += ["--host", host, "--port", str(port), "--data", str(data), "--scale", str(scale)]
        made = subprocess.run(command)
        if made.returncode:
            return made.returncode
    configure_logging()
    return supervise(config, path, with_worker=True, ready=lambda: say(f"Ready at {config.public_url}/"))


def _config_file(data: Path) -> Path:
    """The sample operator's configuration file, written when it is not there yet."""
    path = data / CONFIG_FILE
    if not path.exists():
        Config(data=data).prepare_data_folder()
        path.write_text(_CONFIG.format(path=path, data=data.resolve()))
    return path


def _make(config: Config, data: Path, scale: float, seed: int, say: Callable[[str], None]) -> None:
    if not 0 < scale <= 100:
        raise ConfigError(
            "The scale must lie between 0 and 100.", field="scale", remedy="--scale 1 gives 500 customers."
        )
    _clear_half_made(config, data)
    from trunkline import models as _tables  # noqa: F401 — completes the metadata
    from trunkline.demo.making import make

    say(f"Making the sample operator in {data}, once:")
    began = time.monotonic()
    found = [asdict(one) for one in make(config, scale=scale, seed=seed, say=say)]
    (data / _MARKER).write_text(json.dumps({"scale": scale, "seed": seed, "sign_ins": found}) + "\n")
    say(f"Made in {time.monotonic() - began:.0f} s.")


def _clear_half_made(config: Config, data: Path) -> None:
    """Throw away what an interrupted making left. Another database than the folder's own is never touched."""
    if config.database:
        return
    for left in data.glob("*.db*"):
        left.unlink()


def _welcome(config: Config, data: Path, scale: float, say: Callable[[str], None]) -> None:
    """Say where the sample operator is and who can sign in."""
    made = json.loads((data / _MARKER).read_text())
    if scale not in (1.0, made["scale"]):
        say(f"{data} was made with --scale {made['scale']}; delete the folder to make it anew.")
    width = max((len(one["email"]) for one in made.get("sign_ins", ())), default=0)
    lines = [f"{one['email']:<{width}}  {one['password']}  {one['role']}" for one in made.get("sign_ins", ())]
    for line in ("", f"{config.operator_name}: {config.public_url}/", "", *lines, ""):
        say(line)
