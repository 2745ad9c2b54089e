# Reports, from inside of a container, what confines it. Run by busybox; beside it lie `host-namespaces`, with the links of
# the engine's own namespaces, and `system-calls`, a program that tries system calls by number. Changes nothing that
# outlives the container: what would is only asked for with [ -w ].
# Lines are "section: fact".
here=${0%/*}
say() { echo "$section: $*"; }
lines() { while read -r line || [ -n "$line" ]; do say "$line"; done; }
# The outcome of a command: ok, or the last line of its errors.
try() {
  name=$1
  shift
  if errors=$("$@" 2>&1 >/dev/null </dev/null); then say "$name: ok"; else say "$name: ${errors##*
}"; fi
}

section=identity
id | lines
say "umask $(umask)"
say "hostname $(hostname)"
say "directory $(pwd)"
env | sort | lines

section=status
grep -E '^(Cap|NoNewPrivs|Seccomp|Groups|Uid|Gid|Speculation|CoreDumping|THP)' /proc/self/status | tr '\t' ' ' | lines
for file in attr/current oom_score_adj loginuid timerslack_ns coredump_filter; do
  say "$file $(cat /proc/self/$file 2>&1 | tr -d '\0')"
done
setpriv --dump 2>&1 | lines

section=limits
tail -n +2 /proc/self/limits | lines

section=namespaces
for kind in cgroup ipc mnt net pid time user uts; do
  own=$(readlink /proc/self/ns/$kind)
  if grep -qxF "$own" "$here/host-namespaces"; then say "$kind is the host's"; else say "$kind is its own"; fi
done
grep -q . /proc/self/uid_map && lines </proc/self/uid_map

section=cgroups
cut -d: -f2- /proc/self/cgroup | sort | lines
for controller in $(ls /sys/fs/cgroup 2>/dev/null); do
  directory=/sys/fs/cgroup/$controller
  [ -w "$directory/cgroup.procs" ] && say "$controller is writable"
  [ -w "$directory/release_agent" ] && say "$controller/release_agent is writable"
done
for file in devices/devices.list memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes pids/pids.max \
  cpu/cpu.shares cpu/cpu.cfs_quota_us cpuset/cpuset.cpus; do
  sed "s|^|$file |" "/sys/fs/cgroup/$file" 2>/dev/null | lines
done

section=mounts
# Without the numbers of mounts and of devices.
cut -d' ' -f4- /proc/self/mountinfo | sed 's/\(shared\|master\|propagate_from\):[0-9]*/\1/g' | sort | lines

section=paths
for path in /proc/acpi /proc/asound /proc/bus /proc/config.gz /proc/fs /proc/interrupts /proc/irq /proc/kallsyms \
  /proc/kcore /proc/keys /proc/kmsg /proc/latency_stats /proc/sched_debug /proc/scsi /proc/self/mem /proc/slabinfo \
  /proc/sys /proc/sys/fs/binfmt_misc /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/kernel/modprobe \
  /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range \
  /proc/sys/vm/drop_caches /proc/sys/vm/panic_on_oom /proc/sysrq-trigger /proc/timer_list /proc/timer_stats \
  /proc/vmallocinfo /sys /sys/class/net /sys/devices/virtual/powercap /sys/devices/system/cpu/cpu0/thermal_throttle \
  /sys/firmware /sys/fs/bpf /sys/kernel/debug /sys/kernel/security /sys/kernel/uevent_helper /sys/module /sys/power \
  / /etc/hosts /etc/hostname /etc/resolv.conf /etc/mtab /tmp /run /dev /dev/shm /dev/mqueue; do
  if [ ! -e "$path" ]; then say "$path is not there"; continue; fi
  facts=$(stat -c '%F %a %u:%g' "$path")
  if [ -d "$path" ]; then
    if [ -n "$(ls -A "$path" 2>/dev/null)" ]; then facts="$facts filled"; else facts="$facts empty"; fi
  elif [ -f "$path" ] && [ "$path" != /proc/kmsg ] && [ "$path" != /proc/self/mem ]; then
    if head -c 1 "$path" 2>/dev/null | grep -q .; then facts="$facts filled"; else facts="$facts empty"; fi
  fi
  [ -r "$path" ] && facts="$facts readable"
  [ -w "$path" ] && facts="$facts writable"
  say "$path $facts"
done

section=devices
find /dev ! -path '/dev/pts/*' ! -path '/dev/shm/*' ! -path '/dev/mqueue/*' | sort | while read -r path; do
  say "$(stat -c '%n %F %a %u:%g %t:%T' "$path") $(readlink "$path")"
done
for numbers in 1:1 1:3 1:11 5:1 7:0 8:0 10:200 10:229; do
  path=/tmp/probed-device
  for kind in c b; do
    if errors=$(mknod $path $kind ${numbers%:*} ${numbers#*:} 2>&1); then
      try "open $kind $numbers" dd if=$path of=/dev/null count=0
      rm -f $path
    else
      say "mknod $kind $numbers: $errors"
    fi
  done
done

section=descriptors
# Into a file: a pipe would be among them.
ls -l /proc/$$/fd >/tmp/descriptors
sed 's/.*[0-9] \([0-9]* -> \)/\1/; s/\[[0-9]*\]//' /tmp/descriptors | grep -e '->' | grep -v "$here" | lines

section=keyrings
if [ -r /proc/keys ]; then sed 's/^[0-9a-f]* *//; s/ *[0-9]* *\(perm\|[0-9]*[smhdw]\) / \1 /' /proc/keys | sort | lines; fi
[ -r /proc/key-users ] && say "key-users is readable"

section=tried
for kind in U m n p i u; do try "unshare -$kind" unshare -$kind true; done
try 'nsenter of its own namespaces' nsenter -t $$ -m -u -i -n true
try 'mount tmpfs' sh -c 'mkdir -p /tmp/m && mount -t tmpfs none /tmp/m && umount /tmp/m'
try 'mount proc' sh -c 'mkdir -p /tmp/m && mount -t proc none /tmp/m && umount /tmp/m'
try 'bind' sh -c 'mkdir -p /tmp/m && mount -o bind /etc /tmp/m && umount /tmp/m'
try 'unmount what is there' unshare -m umount -l /dev/shm
try chroot chroot / /bin/true
try pivot_root unshare -m pivot_root /tmp /tmp
try 'chown' sh -c ': >/tmp/owned && chown 1:1 /tmp/owned'
try 'set-user-id' sh -c ': >/tmp/setuid && chmod 6755 /tmp/setuid'
try 'read the kernel log' sh -c 'dmesg -s 64'
try 'read the clock' sh -c 'adjtimex -q'
try 'set the host name' sh -c 'hostname "$(hostname)"'
try 'load a module' insmod "$here/system-calls"
try 'remove a module' rmmod no_such_module
try 'swap on' swapon /etc/passwd
try 'swap off' swapoff /etc/passwd
try 'raise the priority' nice -n -5 true
try 'real-time class of input and output' ionice -c 1 true
try 'personality' linux32 true
try 'listen on port 81' sh -c 'nc -l -p 81 & sleep 0.1; kill $!'
try 'packet socket' timeout 1 arping -c 1 -I lo 127.0.0.1
try 'icmp' ping -c 1 -W 1 127.0.0.1
try 'add a link' sh -c 'ip link add probed type dummy && ip link del probed'
try 'set a link' ip link set lo mtu 65536
try 'become another user' setpriv --reuid 1 true
try 'signal pid 1' kill -0 1
try 'raise the file limit' sh -c 'ulimit -Hn 1048577'
try 'remount what is read-only' unshare -m mount -o remount,rw,bind /proc/sys
try 'see the first process' ls /proc/1/root/
section=calls
if [ -x "$here/system-calls" ]; then "$here/system-calls" | od -An -v -tx1 | tr -d ' \n' | lines; fi
