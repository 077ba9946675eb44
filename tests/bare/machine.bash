# shellcheck shell=bash
# A Debian 12 with nothing installed, in a folder: what apt and npm know of this machine's mirrors and
# authorities is copied in, and the compiler's cache is shared, but no package. Sourced by scripts that
# set `name`, with a mount and a process namespace of their own (own_namespaces), so that whatever ends
# them leaves no mount and no process behind.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/marginalia/bare
machine=
name=${name:?names the script}
inside_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The home of whoever is in there; nothing else is to be found where a home may be.
inside_home=/srv/home

say() { printf '%s: %s\n' "$name" "$*"; }

fail() {
  printf '%s: %s\n' "$name" "$1" >&2
  exit 1
}

need_this_machine() {
  [ "$(id -u)" = 0 ] || fail "mounts and changes its root, so it must be run by root"
  local tool
  for tool in mmdebstrap jq git curl unshare; do
    command -v "$tool" >/dev/null || fail "$tool is missing: deploy/install --bare brings it"
  done
}

# own_namespaces SCRIPT ARGUMENT…: starts the script anew in them, once.
own_namespaces() {
  [ -z "${MARGINALIA_BARE-}" ] || return 0
  need_this_machine
  unshare --mount --pid --fork true || fail "this machine lets nobody mount: unshare failed, see above"
  MARGINALIA_BARE=yes exec unshare --mount --propagation private --pid --mount-proc --fork --kill-child "$@"
}

# Only the file that names Debian itself: others may hold anything.
debian_sources() {
  local file
  for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ ! -s "$file" ] || { printf '%s\n' "$file" && return; }
  done
  fail "apt knows no Debian mirror"
}

# Prints the archive of a fresh Debian: one a day and mirror, so that what Debian mends comes in.
base_archive() {
  local sources key archive
  sources=$(debian_sources)
  key=$(sha256sum <"$sources")
  archive=$cache/bookworm-$(date +%F)-${key:0:12}.tar
  mkdir -p "$cache"
  (
    flock 9
    if [ ! -s "$archive" ]; then
      say "Making a bare Debian, kept in $cache" >&2
      rm -f "$cache"/*.tar
      mmdebstrap --quiet --variant=apt bookworm "$cache/unfinished.tar" "$sources" >&2
      mv "$cache/unfinished.tar" "$archive"
    fi
  ) 9>"$cache/lock"
  printf '%s\n' "$archive"
}

# What makes the network look from inside as apt and npm see it here.
bring_configuration() {
  local authorities=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} npmrc=$HOME/.npmrc
  cp -L /etc/resolv.conf /etc/hosts "$machine/etc/"
  cp -rL /etc/apt/apt.conf.d "$machine/etc/apt/"
  [ ! -d /etc/apt/auth.conf.d ] || cp -rL /etc/apt/auth.conf.d "$machine/etc/apt/"
  mkdir -p "$machine$inside_home"
  touch "$machine$inside_home/.npmrc"
  [ ! -f "$npmrc" ] || grep -v '^\(cafile\|nodedir\)=' "$npmrc" >"$machine$inside_home/.npmrc" || true
  [ -s "$authorities" ] || return 0
  cp -L "$authorities" "$machine$inside_home/authorities.pem"
  printf 'cafile=%s\n' "$inside_home/authorities.pem" >>"$machine$inside_home/.npmrc"
  printf 'Acquire::https::CaInfo "%s";\n' "$inside_home/authorities.pem" \
    >"$machine/etc/apt/apt.conf.d/99authorities"
}

mount_machine() {
  local compiled
  mount -t proc proc "$machine/proc"
  mount --rbind /sys "$machine/sys"
  mount --rbind /dev "$machine/dev"
  compiled=$(ccache --get-config cache_dir 2>/dev/null) || return 0
  mkdir -p "$compiled" "$machine/var/cache/ccache"
  mount --bind "$compiled" "$machine/var/cache/ccache"
}

# Lazily: something may still hold on to what it leaves.
unmount_machine() {
  local folder
  for folder in var/cache/ccache dev sys proc; do
    ! mountpoint -q "$machine/$folder" || umount --lazy --recursive "$machine/$folder"
  done
}

# Makes the machine; `remove_machine` is for the trap of whoever calls this.
make_machine() {
  local archive
  archive=$(base_archive)
  machine=$(mktemp -d)
  tar -xf "$archive" -C "$machine"
  bring_configuration
  # It is thrown away, so nothing of it need outlast a power cut.
  printf 'force-unsafe-io\n' >"$machine/etc/dpkg/dpkg.cfg.d/unsafe-io"
  mount_machine
}

# What is mounted in there is this machine's: that goes first.
remove_machine() {
  [ -n "$machine" ] || return 0
  unmount_machine
  rm -rf --one-file-system "$machine"
}

# inside COMMAND…: in there, with an environment that holds nothing of this one's but proxies, and the
# language, without which the compiler's cache would find nothing: the compiler speaks it.
inside() {
  local variable kept=()
  for variable in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY LANG LC_ALL; do
    [ -z "${!variable-}" ] || kept+=("$variable=${!variable}")
  done
  env -i PATH="$inside_path" HOME="$inside_home" "${kept[@]}" \
    CCACHE_DIR=/var/cache/ccache CCACHE_CONFIGPATH=/dev/null \
    CCACHE_MAXSIZE="$(ccache --get-config max_size 2>/dev/null || printf 5G)" \
    chroot "$machine" "$@"
}
