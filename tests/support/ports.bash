# shellcheck shell=bash
# Ports for the scripts that start deploy/run. Sourced.

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Sets ports to three that are free, and so are those of their metrics, 1,000 above.
choose_ports() {
  local first port free=no
  until [ "$free" = yes ]; do
    first=$((20000 + RANDOM % 9000))
    ports=("$first" "$((first + 1))" "$((first + 2))")
    free=yes
    for port in "${ports[@]}"; do
      ! port_answers "$port" && ! port_answers "$((port + 1000))" || free=no
    done
  done
}
