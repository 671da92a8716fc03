#!/usr/bin/env bash
# Check a CARLA server, a real one above all, against what drivesim expects of it.
#
#   launch/verify_carla.sh [HOST:PORT]      default localhost:2000; PYTHON is the Python with drivesim[carla]
set -euo pipefail
exec "${PYTHON:-python3}" "$(dirname "$0")/verify_carla.py" "${1:-localhost:2000}"
