#!/usr/bin/env bash
# Start real CARLA servers without a window, wait until they answer, stop them. Needs a GPU.
#
#   launch/carla.sh start [N]     N servers (default 1) on ports 2000, 2010, 2020 ...; each takes its port and the next two
#   launch/carla.sh wait  [N]     until all of them answer
#   launch/carla.sh stop          all that this script started
#
# CARLA_ROOT names an unpacked package (with CarlaUE4.sh); without it Docker runs carlasim/carla:$CARLA_VERSION (0.9.16).
# CARLA_PORT is the first port, GPUS the number of GPUs that servers are dealt to in turn, PYTHON the Python with `carla`.
set -euo pipefail

first="${CARLA_PORT:-2000}"
step=10
count="${2:-1}"
state="${XDG_RUNTIME_DIR:-/tmp}/drivesim-carla-$(id -u)"
python="${PYTHON:-python3}"

options() { echo "-RenderOffScreen -nosound -quality-level=Epic -carla-rpc-port=$1"; }

start() {
  mkdir -p "$state"
  for ((i = 0; i < count; i++)); do
    port=$((first + step * i))
    gpu=$((i % ${GPUS:-1}))
    if [[ -n "${CARLA_ROOT:-}" ]]; then
      [[ -x "$CARLA_ROOT/CarlaUE4.sh" ]] || { echo "there is no CarlaUE4.sh in CARLA_ROOT=$CARLA_ROOT" >&2; exit 2; }
      # shellcheck disable=SC2046
      setsid "$CARLA_ROOT/CarlaUE4.sh" $(options "$port") -graphicsadapter="$gpu" >"$state/$port.log" 2>&1 &
      echo "process $!" >"$state/$port"
    else
      command -v docker >/dev/null || { echo "set CARLA_ROOT to a CARLA package, or install Docker" >&2; exit 2; }
      # shellcheck disable=SC2046
      container=$(docker run --rm -d --net=host --gpus "device=$gpu" "carlasim/carla:${CARLA_VERSION:-0.9.16}" \
        ./CarlaUE4.sh $(options "$port"))
      echo "container $container" >"$state/$port"
    fi
    echo "CARLA on port $port"
  done
  wait_for_all
}

wait_for_all() {
  for ((i = 0; i < count; i++)); do
    "$python" - $((first + step * i)) <<'PY'
import sys, time
try:
    import carla
except ImportError:
    sys.exit("the official CARLA client is not installed: pip install 'drivesim[carla]'")
port = int(sys.argv[1])
for _ in range(60):
    client = carla.Client("127.0.0.1", port)
    client.set_timeout(2.0)
    try:
        print(f"port {port}: CARLA {client.get_server_version()} answers")
        break
    except RuntimeError:
        time.sleep(2.0)
else:
    sys.exit(f"no CARLA server answered on port {port} within four minutes")
PY
  done
}

stop() {
  for file in "$state"/*[0-9]; do
    [[ -e "$file" ]] || continue
    read -r kind id <"$file"
    if [[ "$kind" == container ]]; then docker stop "$id" >/dev/null || true; else kill -- "-$id" 2>/dev/null || true; fi
    rm -f "$file"
    echo "CARLA on port $(basename "$file") stopped"
  done
}

case "${1:-}" in
  start) start ;;
  wait) wait_for_all ;;
  stop) stop ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
