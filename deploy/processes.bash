# shellcheck shell=bash
# How deploy/run starts, watches and stops its processes on one data directory. Sourced by it, with
# its variables: data, preset, root, processes, address, metrics_address, address_option, pids.

ready_seconds_max=60
# Longer than a service takes to drain, which is at most 10 s.
stop_seconds_max=20
death_log_lines_max=15
watch_seconds=60

# All that runs on a data directory holds this lock through file descriptor 8, each process by itself:
# it tells the truth after any kill, when a pid file may name a stranger.
open_lock() { exec 8>>"$data/run/lock"; }

holds_lock() { [ "/proc/$1/fd/8" -ef "$data/run/lock" ]; }

# Or has it from the deploy/run --detach that started this one.
take_lock() {
  ! holds_lock "$$" || return 0
  open_lock
  flock -n 8 || fail "already running on $data. To stop it: deploy/run --data $data --stop"
}

# What is said on invoices is nobody else's on this machine to read.
prepare_data() {
  umask 077
  mkdir -p "$data/run" "$data/logs" "$data/keys"
  data=$(cd "$data" && pwd)
}

stop_running() {
  if [ ! -e "$data/run/lock" ]; then
    say "Nothing runs on $data."
    return
  fi
  open_lock
  if flock -n 8; then
    say "Nothing runs on $data."
    return
  fi
  # The supervisor stops the others; without one, each is told.
  local name pid told=no
  for name in supervisor "${processes[@]}"; do
    pid=$(cat "$data/run/$name.pid" 2>/dev/null) || continue
    if [ "$told" = no ] && holds_lock "$pid"; then
      kill -TERM "$pid"
      [ "$name" != supervisor ] || told=yes
    fi
  done
  flock -w $((3 * stop_seconds_max)) 8 || fail "something still runs on $data: see $data/run/*.pid"
  say "Stopped."
}

# port_taken HOST:PORT
port_taken() {
  local host=${1%:*}
  host=${host#[}
  (exec 3<>"/dev/tcp/${host%]}/${1##*:}") 2>/dev/null
}

check_ports() {
  local name
  for name in "${processes[@]}"; do
    ! port_taken "${address[$name]}" ||
      fail "${address[$name]} is in use, so $name cannot listen there: choose another with ${address_option[$name]}"
    ! port_taken "${metrics_address[$name]}" ||
      fail "${metrics_address[$name]} is in use, so $name cannot serve its metrics there: move it with ${address_option[$name]}"
  done
}

# start PROCESS FLAG… : in a session of its own, so that Ctrl-C reaches this script only and the
# processes stop one after the other. The log of the last run is kept beside.
start() {
  local name=$1 log=$data/logs/$1.log
  [ ! -e "$log" ] || mv -f "$log" "$log.1"
  setsid "$root/build/$preset/$name/$name" --listen_address="${address[$name]}" \
    --metrics_address="${metrics_address[$name]}" --jwks_path="$data/keys/jwks.json" \
    --token_key_path="$data/keys/token.key" "${@:2}" \
    </dev/null >"$log" 2>&1 &
  pids[$name]=$!
  printf '%d\n' "$!" >"$data/run/$name.pid"
}

# fail_by_death PROCESS EXIT-CODE
fail_by_death() {
  local how="ended with exit code $2"
  (($2 <= 128)) || how="was ended by signal $(($2 - 128))"
  printf 'deploy/run: %s %s. The end of %s:\n' "$1" "$how" "$data/logs/$1.log" >&2
  tail -n "$death_log_lines_max" "$data/logs/$1.log" >&2
  exit 1
}

fail_if_dead() {
  local name code=0
  for name in "${processes[@]}"; do
    if ! kill -0 "${pids[$name]}" 2>/dev/null; then
      { wait "${pids[$name]}"; } 2>/dev/null || code=$?
      fail_by_death "$name" "$code"
    fi
  done
}

http() { curl --silent --fail --noproxy '*' --max-time 2 "$@"; }

# Asks grpc.health.v1.Health by hand: an empty request in its five-byte frame; SERVING is 08 01.
serves_grpc() {
  printf '\0\0\0\0\0' |
    http --http2-prior-knowledge -H 'content-type: application/grpc' -H 'te: trailers' \
      --data-binary @- "http://$1/grpc.health.v1.Health/Check" 2>/dev/null |
    od -An -tx1 | grep '00 00 00 00 02 08 01' >/dev/null
}

# Prints the first process that is not ready.
first_not_ready() {
  local name
  for name in comments-service invoice-service; do
    serves_grpc "${address[$name]}" || { say "$name" && return; }
  done
  http --output /dev/null "http://${address[gateway]}/readyz" || say gateway
}

await_ready() {
  local waiting deadline=$((SECONDS + ready_seconds_max))
  while waiting=$(first_not_ready) && [ -n "$waiting" ]; do
    fail_if_dead
    ((SECONDS < deadline)) ||
      fail "$waiting was not ready within $ready_seconds_max s: see $data/logs/$waiting.log"
    sleep 0.1
  done
}

# Waits for the end of a process. Ctrl-C and SIGTERM end this script through their trap.
supervise() {
  local ended code name
  while true; do
    # A short sleep: should this script be killed, nothing of it stays for long.
    sleep "$watch_seconds" 8>&- &
    pids[pause]=$!
    code=0
    # bash would report a death in words of its own.
    { wait -n -p ended "${pids[@]}"; } 2>/dev/null || code=$?
    for name in "${processes[@]}"; do
      [ "${ended-}" != "${pids[$name]}" ] || fail_by_death "$name" "$code"
    done
    renew_tokens
  done
}

gone_within() {
  local deadline=$((SECONDS + $2))
  while kill -0 "$1" 2>/dev/null; do
    ((SECONDS < deadline)) || return 1
    sleep 0.05
  done
}

stop_processes() {
  trap '' INT TERM HUP
  local name pid
  for name in pause "${processes[@]}"; do
    pid=${pids[$name]-}
    { [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; } || continue
    gone_within "$pid" "$stop_seconds_max" && continue
    printf 'deploy/run: %s did not stop within %d s and is killed\n' "$name" "$stop_seconds_max" >&2
    kill -KILL "$pid"
  done
  rm -f "$data"/run/ready "$data"/run/*.pid
}

