#!/bin/sh
# Starts dockerd in a user namespace of the user who calls it, so that nothing of it runs with the rights of root.
# Arguments are dockerd's. See docs/rootless.md for the variables below.
set -eu

fail() { echo "dockerd-rootless.sh: $*" >&2; exit 1; }

case "${1:-}" in
  -h | --help)
    cat <<'EOF'
Usage: dockerd-rootless.sh [OPTIONS]

Starts dockerd in a user namespace of the user who calls it, by rootlesskit.
Options are those of dockerd: see dockerd --help.

Environment:
  DOCKERD_ROOTLESS_ROOTLESSKIT_NET          slirp4netns, pasta, vpnkit or lxc-user-nic
  DOCKERD_ROOTLESS_ROOTLESSKIT_MTU          MTU of that network
  DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER  builtin, slirp4netns or implicit
  DOCKERD_ROOTLESS_ROOTLESSKIT_STATE_DIR    where rootlesskit keeps its state
  DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS        more options of rootlesskit
EOF
    exit 0
    ;;
  check | install | uninstall) fail "\"$1\" is a command of dockerd-rootless-setuptool.sh" ;;
esac

here=$(cd "$(dirname "$0")" && pwd)

# --- inside: called again by rootlesskit, as root of the namespace -----------------------------------------------------
if [ "${_DOCKERD_ROOTLESS_CHILD:-}" = 1 ]; then
  # Copies of the host's /run have links to what belongs to daemons of the host: ours makes its own.
  rm -f /run/docker /run/containerd /run/xtables.lock
  # In /tmp, files of the host's root are in the way of ours: root has the same number here.
  if [ -z "${TMPDIR:-}" ]; then
    TMPDIR=/run/longshore-tmp
    export TMPDIR
    mkdir -p -m 700 "$TMPDIR"
  fi
  # Certificates may be links from /etc/ssl into directories that a copy of /etc leads nowhere from.
  if [ -L /etc/ssl ] && [ "$(stat -f -c %T /etc)" = tmpfs ]; then
    certificates=$(realpath /etc/ssl)
    rm -f /etc/ssl
    mkdir /etc/ssl
    mount --rbind "$certificates" /etc/ssl
  fi
  if [ -x "$here/dockerd" ]; then exec "$here/dockerd" "$@"; fi
  exec dockerd "$@"
fi

# --- outside ---------------------------------------------------------------------------------------------------------
[ "$(id -u)" != 0 ] || fail "it is for unprivileged users: root starts dockerd itself"
[ -n "${XDG_RUNTIME_DIR:-}" ] && [ -w "$XDG_RUNTIME_DIR" ] || fail "XDG_RUNTIME_DIR needs to be set and writable"
[ -n "${HOME:-}" ] && [ -d "$HOME" ] || fail "HOME needs to be set and exist"

has() { command -v "$1" >/dev/null 2>&1; }

rootlesskit=
for name in docker-rootlesskit rootlesskit; do
  if has $name; then rootlesskit=$name; break; fi
done
[ -n "$rootlesskit" ] || fail "rootlesskit needs to be installed"
has newuidmap && has newgidmap || fail "newuidmap and newgidmap need to be installed (package uidmap)"

net=${DOCKERD_ROOTLESS_ROOTLESSKIT_NET:-}
if [ -z "$net" ]; then
  if has slirp4netns; then net=slirp4netns
  elif has pasta && "$rootlesskit" --help 2>&1 | grep -qw pasta; then net=pasta
  elif has vpnkit; then net=vpnkit
  else fail "one of slirp4netns, pasta (with rootlesskit 2.0 or newer) and vpnkit needs to be installed"
  fi
fi
mtu=${DOCKERD_ROOTLESS_ROOTLESSKIT_MTU:-}
if [ -z "$mtu" ]; then
  case $net in
    slirp4netns | pasta) mtu=65520 ;;
    *) mtu=1500 ;;
  esac
fi
ports=${DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER:-}
if [ -z "$ports" ]; then
  case $net in
    pasta) ports=implicit ;;
    host) ports=none ;;
    *) ports=builtin ;;
  esac
fi
loopback=--disable-host-loopback
[ "${DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK:-true}" = true ] || loopback=
slirp=
if [ "$net" = slirp4netns ]; then
  slirp="--slirp4netns-sandbox=${DOCKERD_ROOTLESS_ROOTLESSKIT_SLIRP4NETNS_SANDBOX:-auto}"
  slirp="$slirp --slirp4netns-seccomp=${DOCKERD_ROOTLESS_ROOTLESSKIT_SLIRP4NETNS_SECCOMP:-auto}"
fi

export _DOCKERD_ROOTLESS_CHILD=1
# /etc and /run are copied so that the daemon can change resolv.conf, and make /run/docker, for itself alone.
# Several options in one variable are meant to be split.
# shellcheck disable=SC2086
exec "$rootlesskit" \
  --state-dir="${DOCKERD_ROOTLESS_ROOTLESSKIT_STATE_DIR:-$XDG_RUNTIME_DIR/dockerd-rootless}" \
  --net="$net" --mtu="$mtu" $slirp $loopback --port-driver="$ports" \
  --copy-up=/etc --copy-up=/run --propagation=rslave \
  ${DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS:-} \
  "$here/$(basename "$0")" "$@"
