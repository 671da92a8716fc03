#!/usr/bin/env bash
# Start a Ray cluster for `drivesim sweep --ray`: here as its head, or as one more node of a head that runs elsewhere.
#
#   launch/ray_cluster.sh                    head node on this machine, port 6379
#   launch/ray_cluster.sh HOST:6379          join that head
#   launch/ray_cluster.sh stop               end Ray on this machine
#
# Ray asks for a token where one lies in ~/.ray/auth_token (recent versions): copy it to all machines, and say
# `export RAY_AUTH_MODE=token` on each, and before `drivesim sweep`. RAY_AUTH_MODE=disabled does without, for networks of
# one's own.
#
# RAY_PORT chooses the head's port, CPUS how many instances this machine plays at once (default all cores).
set -euo pipefail

command -v ray >/dev/null || { echo "Ray is not installed: pip install 'drivesim[ray]'" >&2; exit 2; }

options=(--disable-usage-stats --include-dashboard=false)
if [[ -n "${CPUS:-}" ]]; then
  options+=(--num-cpus="$CPUS")
fi
port="${RAY_PORT:-6379}"

case "${1:-head}" in
  head)
    ray start --head --port="$port" "${options[@]}"
    echo
    echo "on other machines:  launch/ray_cluster.sh $(hostname -I | cut -d' ' -f1):$port"
    echo "then:               drivesim sweep child_crossing -n 1000 --ray auto"
    ;;
  stop)
    ray stop
    ;;
  *:*)
    # The dashboard's option belongs to the head alone.
    ray start --address="$1" --disable-usage-stats ${CPUS:+--num-cpus="$CPUS"}
    ;;
  *)
    echo "'$1' is neither HOST:PORT nor stop" >&2
    exit 2
    ;;
esac
