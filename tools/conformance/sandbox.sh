#!/usr/bin/env bash
# Runs a command beside an engine of its own, in namespaces of its own:
#   sandbox.sh WORK BIN COMMAND…   (WORK: an empty directory for everything; BIN: where the executables are)
# CONFORMANCE_IMAGES is loaded before; CONFORMANCE_SOURCE stays visible below /tmp. The command has /mnt/source for it.
# Nothing is left behind: the process namespace ends with the command, and so do its mounts and its network.
set -euo pipefail
if [ "${1:-}" != --inside ]; then
  work=$(readlink -f "$1")
  # Cgroups of our own in every hierarchy: the namespace below makes them the root of what the engine sees.
  group=/longshore-conformance-$$
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ -e "$hierarchy/cgroup.procs" ] && [ ! -L "$hierarchy" ] || continue
    mkdir -p "$hierarchy$group"
    if [ -e "$hierarchy$group/cpuset.cpus" ]; then
      cat "$hierarchy/cpuset.cpus" >"$hierarchy$group/cpuset.cpus" || true
      cat "$hierarchy/cpuset.mems" >"$hierarchy$group/cpuset.mems" || true
    fi
    [ -e "$hierarchy$group/memory.use_hierarchy" ] && echo 1 >"$hierarchy$group/memory.use_hierarchy" || true
  done
  # The child enters the cgroups before it makes the namespace.
  status=0
  bash -c 'for d in /sys/fs/cgroup'"$group"' /sys/fs/cgroup/*'"$group"'; do [ -e "$d/cgroup.procs" ] && echo $$ >"$d/cgroup.procs"; done
    exec unshare --mount --net --pid --cgroup --uts --ipc --fork --kill-child --propagation private bash "$@"' \
    enter "$0" --inside "$@" || status=$?
  for d in /sys/fs/cgroup"$group" /sys/fs/cgroup/*"$group"; do
    [ -d "$d" ] && find "$d" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  exit "$status"
fi
shift
work=$(readlink -f "$1")
bin=$2
shift 2

mount -t proc proc /proc
for hierarchy in $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts); do
  read -r kind options < <(awk -v at="$hierarchy" '$2 == at {print $3, $4}' /proc/mounts)
  umount "$hierarchy"
  mount -t "$kind" -o "${options#rw,relatime}" "$kind" "$hierarchy" 2>/dev/null || mount -t "$kind" -o "${options#rw,relatime,}" "$kind" "$hierarchy"
done
ip link set lo up
mkdir -p "$work"/{run,tmp,root,daemons,home}
chmod 1777 "$work/tmp"
mount -t tmpfs tmpfs /run
mkdir -p /run/lock
mount -t tmpfs tmpfs /mnt
mkdir -p /mnt/images
mount --bind "$CONFORMANCE_IMAGES" /mnt/images
[ ! -d /etc/docker ] || mount -t tmpfs -o mode=755 tmpfs /etc/docker
# A clone may be below /tmp, which is covered soon.
case $bin in
  *:*) ;;
  *)
    mkdir /mnt/bin
    mount --bind "$bin" /mnt/bin
    bin=/mnt/bin
    ;;
esac
mkdir -p /mnt/work /mnt/source
mount --bind "$work" /mnt/work
mount --bind "$CONFORMANCE_SOURCE" /mnt/source
mount --bind /mnt/work/tmp /tmp
# The tests read their own source where it was compiled.
mkdir -p "$CONFORMANCE_SOURCE"
mount --bind /mnt/source "$CONFORMANCE_SOURCE"

export PATH=/mnt/work/bin:$bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export DOCKER_HOST=unix:///mnt/work/docker.sock DEST=/mnt/work/daemons DOCKER_GRAPHDRIVER=overlay2 DOCKER_USERLANDPROXY=true
export HOME=/mnt/work/home TEST_CLIENT_BINARY=docker GOPATH=$CONFORMANCE_SOURCE/gopath
unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH
dockerd --debug --host "$DOCKER_HOST" --storage-driver overlay2 --pidfile /mnt/work/docker.pid --data-root /mnt/work/root \
  >/mnt/work/docker.log 2>&1 41>&1 42>&2 &
for _ in $(seq 300); do
  docker version >/dev/null 2>&1 && break
  sleep 0.1
done
tar -C /mnt/images -c . | docker load -q >/mnt/work/load.log 2>&1 || { cat /mnt/work/load.log /mnt/work/docker.log | tail -n 20; exit 125; }
status=0
"$@" || status=$?
exit "$status"
