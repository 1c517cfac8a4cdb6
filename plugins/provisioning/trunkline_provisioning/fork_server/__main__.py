"""`python -m trunkline_provisioning.fork_server FOLDER`"""

import sys
from pathlib import Path

from trunkline_provisioning.fork_server import Place
from trunkline_provisioning.fork_server.server import serve

serve(Place(Path(sys.argv[1])))
