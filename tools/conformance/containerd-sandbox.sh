#!/usr/bin/env bash
# Runs a command in namespaces and cgroups of its own, beside a registry that has the names of the public ones:
#   containerd-sandbox.sh WORK BIN COMMAND…
# WORK is a directory with tls/, registry.yml, hosts and images/ in it; BIN is where the executables are.
# LAYOUTS are pairs DIRECTORY=REFERENCE to push first. Nothing is left but what is written below WORK.
set -euo pipefail
if [ "${1:-}" != --inside ]; then
  group=/longshore-conformance-$$
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ -e "$hierarchy/cgroup.procs" ] && [ ! -L "$hierarchy" ] || continue
    mkdir -p "$hierarchy$group"
    if [ -e "$hierarchy$group/cpuset.cpus" ] && [ -e "$hierarchy/cpuset.cpus" ]; then
      cat "$hierarchy/cpuset.cpus" >"$hierarchy$group/cpuset.cpus"
      cat "$hierarchy/cpuset.mems" >"$hierarchy$group/cpuset.mems"
    fi
  done
  status=0
  # The child enters the cgroups before it makes the namespace, where they are the root.
  bash -c 'for d in /sys/fs/cgroup'"$group"' /sys/fs/cgroup/*'"$group"'; do [ -e "$d/cgroup.procs" ] && echo $$ >"$d/cgroup.procs"; done
    exec unshare --mount --net --pid --cgroup --fork --kill-child --mount-proc --propagation private bash "$@"' \
    enter "$0" --inside "$@" || status=$?
  for d in /sys/fs/cgroup"$group" /sys/fs/cgroup/*"$group"; do
    [ -d "$d" ] && find "$d" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  exit "$status"
fi
shift
work=$1 bin=$2
shift 2
for hierarchy in $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/mounts); do
  read -r kind options < <(awk -v at="$hierarchy" '$2 == at {print $3, $4}' /proc/mounts)
  umount "$hierarchy"
  options=${options#rw,relatime}
  mount -t "$kind" ${options:+-o "${options#,}"} "$kind" "$hierarchy"
done
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir -p "$work/lib" "$work/tmp"
mount --bind "$work/lib" /var/lib
mount --bind "$work/hosts" /etc/hosts
export SSL_CERT_FILE=$work/tls/cert.pem TMPDIR=$work/tmp
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
for _ in $(seq 100); do
  (: </dev/tcp/127.0.0.1/443) 2>/dev/null && break
  sleep 0.1
done
for pair in $LAYOUTS; do
  skopeo copy --quiet --insecure-policy --all "oci:$work/images/${pair%%=*}:latest" "docker://${pair#*=}"
done
export PATH=$bin:$PATH
cd "$work"
# Somebody has to reap what shims leave.
exec tini -s -- "$@"
