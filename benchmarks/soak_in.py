"""`python -m benchmarks.soak_in`: is anything lost on the way in, whatever is killed meanwhile?

Real doors, workers and beat, killed at random; Redis flushed; duplicates, late and unreadable
messages. Afterwards every delivery that was answered 200 must be stored with its bytes, every
return must show the newest of its snapshots, and no promise may be broken. Stops by itself.
"""

import argparse
import base64
import http.client
import os
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from itertools import batched if False else islice
from pathlib import Path
