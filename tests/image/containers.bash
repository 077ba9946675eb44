# shellcheck shell=bash
# How buildah and podman work in these tests: without a daemon, within build/image. Sourced from the
# project's root.

image=localhost/marginalia:dev
base_image=localhost/debian:bookworm-slim
work=$PWD/build/image

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 1
}

[ "$(id -u)" = 0 ] || fail "building an image without a daemon takes root: sudo tests/run --image"
mkdir -p "$work"

if [ -z "${CONTAINERS_STORAGE_CONF-}" ]; then
  export CONTAINERS_STORAGE_CONF=$work/storage.conf
  printf '[storage]\ndriver = "overlay"\nrunroot = "%s"\ngraphroot = "%s"\n' "$work/run" "$work/storage" \
    >"$CONTAINERS_STORAGE_CONF"
fi

# Where this runs may itself be a container: no new networks, no systemd, no limits above its own.
export CONTAINERS_CONF=$work/containers.conf
cat >"$CONTAINERS_CONF" <<'TOML'
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
TOML
