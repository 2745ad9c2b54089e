#!/bin/sh
# Sets up a dockerd of one's own for an unprivileged user: a unit of the user's systemd and a context of the client.
set -eu

program=$(basename "$0")
unit=docker.service
context=rootless
force=no skip_iptables=no

say() { echo "[INFO] $*"; }
warn() { echo "[WARNING] $*" >&2; }
fail() { for line in "$@"; do echo "[ERROR] $line" >&2; done; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

usage() {
  cat <<TEXT
Usage: $program [OPTIONS] COMMAND

A setup tool for Rootless Docker (dockerd-rootless.sh).

Options:
  -f, --force                Ignore rootful Docker (/var/run/docker.sock)
      --skip-iptables        Ignore missing iptables

Commands:
  check        Check prerequisites
  install      Install systemd unit (if systemd is available) and show how to manage the service
  uninstall    Uninstall systemd unit
TEXT
}

# --- what this machine and this user have ------------------------------------------------------------------------------
look_around() {
  [ "$(uname)" = Linux ] || fail "Rootless Docker cannot be installed on $(uname)"
  [ "$(id -u)" != 0 ] || fail "Refusing to install rootless Docker as the root user"
  launcher=$(command -v dockerd-rootless.sh 2>/dev/null) || launcher=$(dirname "$0")/dockerd-rootless.sh
  [ -x "$launcher" ] || fail "dockerd-rootless.sh needs to be present under \$PATH"
  bin=$(cd "$(dirname "$launcher")" && pwd)
  docker=docker
  [ ! -x "$bin/docker" ] || docker=$bin/docker
  systemd=no
  if systemctl --user show-environment >/dev/null 2>&1; then systemd=yes; fi
  [ -n "${HOME:-}" ] && [ -d "$HOME" ] || fail "HOME needs to be set"
  [ -w "$HOME" ] || fail "HOME needs to be writable"
  unit_file=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user/$unit
  made_runtime_dir=no
}

# Where there is no session, a directory below the home does for one.
need_runtime_dir() {
  if [ -n "${XDG_RUNTIME_DIR:-}" ] && [ -w "$XDG_RUNTIME_DIR" ]; then return; fi
  [ $systemd = no ] || fail "XDG_RUNTIME_DIR is not set, does not exist or is not writable, though there is a systemd of this user" \
    "Hint: after su or sudo that is so: log in as this user (ssh, machinectl shell), or let root run 'loginctl enable-linger $(id -un)'"
  export XDG_RUNTIME_DIR="$HOME/.docker/run"
  mkdir -p "$XDG_RUNTIME_DIR"
  chmod 700 "$XDG_RUNTIME_DIR"
  made_runtime_dir=yes
}

package_command() { # PACKAGE-OF-APT PACKAGE-OF-DNF
  if has apt-get; then echo "apt-get install -y $1"
  elif has dnf; then echo "dnf install -y $2"
  elif has yum; then echo "yum install -y $2"
  else echo "# install the package $1"
  fi
}

add() { missing="$missing
$*"; }

has_ids() { grep -q "^$(id -un):\|^$(id -u):" "$1" 2>/dev/null; }

setting() { cat "/proc/sys/$1" 2>/dev/null || true; }

# The packet filter of a network namespace of one's own is what counts, whichever modules it needs.
can_filter() {
  lock=$(mktemp)
  result=0
  XTABLES_LOCKFILE=$lock unshare -U -r -n "$1" -t nat -S >/dev/null 2>&1 || result=1
  rm -f "$lock"
  return $result
}

check_filter() {
  filter=
  for each in iptables /usr/sbin/iptables /sbin/iptables; do
    if has $each; then filter=$each; break; fi
  done
  if [ -z "$filter" ]; then
    no_filter=yes
    [ $skip_iptables = yes ] || add "# Install iptables
$(package_command iptables iptables)"
  elif ! can_filter "$filter"; then
    no_filter=yes
    [ $skip_iptables = yes ] || add "# Load the packet filter's module
modprobe ip_tables"
  fi
}

check_requirements() {
  missing='' no_filter=no
  has newuidmap && has newgidmap || add "# Install newuidmap & newgidmap binaries
$(package_command uidmap shadow-utils)"
  has rootlesskit || has docker-rootlesskit || add "# Install rootlesskit
$(package_command rootlesskit rootlesskit)"
  has slirp4netns || has pasta || has vpnkit || add "# Install a network for the user namespace
$(package_command slirp4netns slirp4netns)"
  if [ "$(setting kernel/unprivileged_userns_clone)" = 0 ]; then
    add "# Set kernel.unprivileged_userns_clone
echo kernel.unprivileged_userns_clone=1 >/etc/sysctl.d/50-rootless.conf
sysctl --system"
  elif [ "$(setting user/max_user_namespaces)" = 0 ]; then
    add "# Set user.max_user_namespaces
echo user.max_user_namespaces=28633 >/etc/sysctl.d/51-rootless.conf
sysctl --system"
  else
    check_filter
  fi
  for file in /etc/subuid /etc/subgid; do
    has_ids $file || add "# Add an entry for $(id -un) to $file
echo '$(id -un):100000:65536' >>$file"
  done
  [ -z "$missing" ] || show_missing
  daemon_options=
  [ $no_filter = no ] || daemon_options=' --iptables=false'
}

show_missing() {
  echo "[ERROR] Missing system requirements. Run the following commands to" >&2
  echo "[ERROR] install the requirements and run this tool again." >&2
  [ $no_filter = no ] || echo "[ERROR] Alternatively iptables checks can be disabled with --skip-iptables ." >&2
  printf '\n########## BEGIN ##########\nsudo sh -eux <<EOF%s\nEOF\n########## END ##########\n\n' "$missing"
  exit 1
}

refuse_beside_system_daemon() {
  [ $force = no ] || return 0
  [ ! -w /var/run/docker.sock ] ||
    fail "Aborting because rootful Docker (/var/run/docker.sock) is running and accessible. Set --force to ignore."
}

# --- commands --------------------------------------------------------------------------------------------------------
write_unit() {
  mkdir -p "$(dirname "$unit_file")"
  cat >"$unit_file" <<TEXT
[Unit]
Description=Docker Application Container Engine (Rootless)
Documentation=https://docs.docker.com/go/rootless/
StartLimitBurst=3
StartLimitIntervalSec=60

[Service]
Type=notify
# It is dockerd, below rootlesskit, that says when it is ready.
NotifyAccess=all
Environment=PATH=$bin:/sbin:/usr/sbin:$PATH
ExecStart=$bin/dockerd-rootless.sh$daemon_options
ExecReload=/bin/kill -s HUP \$MAINPID
TimeoutSec=0
RestartSec=2
Restart=always
LimitNOFILE=infinity
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
Delegate=yes
KillMode=mixed

[Install]
WantedBy=default.target
TEXT
}

install_unit() {
  if [ -f "$unit_file" ]; then
    warn "File already exists, skipping: $unit_file"
  else
    say "Creating $unit_file"
    write_unit
    systemctl --user daemon-reload
  fi
  say "Starting the systemd service $unit"
  systemctl --user start $unit ||
    fail "Failed to start $unit. Run \`journalctl -n 20 --no-pager --user --unit $unit\` to show the error log." \
      "Before retrying, you might need to uninstall the current setup: \`$program uninstall -f\`"
  systemctl --user --no-pager --full --lines=0 status $unit
  DOCKER_HOST=unix://$XDG_RUNTIME_DIR/docker.sock "$docker" version
  systemctl --user enable $unit
  say "Installed $unit successfully."
  say "To control $unit, run: \`systemctl --user (start|stop|restart) $unit\`"
  say "To run $unit on system startup, run: \`sudo loginctl enable-linger $(id -un)\`"
}

has_context() { "$docker" --context=default context inspect -f '{{.Name}}' $context >/dev/null 2>&1; }

use_context() { DOCKER_HOST='' DOCKER_CONTEXT='' "$docker" --context=default context use "$1" >/dev/null 2>&1; }

run_install() {
  refuse_beside_system_daemon
  need_runtime_dir
  check_requirements
  if [ $systemd = yes ]; then
    install_unit
  else
    say "systemd not detected, dockerd-rootless.sh needs to be started manually:"
    printf '\nPATH=%s:/sbin:/usr/sbin:$PATH dockerd-rootless.sh%s\n\n' "$bin" "$daemon_options"
  fi
  if has_context; then
    say "CLI context \"$context\" already exists"
  else
    say "Creating CLI context \"$context\""
    "$docker" --context=default context create $context --docker "host=unix://$XDG_RUNTIME_DIR/docker.sock" \
      --description "Rootless mode" >/dev/null
  fi
  use_context $context
  say "Using CLI context \"$context\""
  say "Make sure the following environment variable(s) are set (or add them to ~/.bashrc):"
  [ $made_runtime_dir = no ] || printf '%s\n%s\n' \
    "# WARNING: systemd not found. You have to remove XDG_RUNTIME_DIR manually on every logout." \
    "export XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR"
  echo "export PATH=$bin:\$PATH"
  say "Some applications may require the following environment variable too:"
  echo "export DOCKER_HOST=unix://$XDG_RUNTIME_DIR/docker.sock"
}

run_check() {
  refuse_beside_system_daemon
  need_runtime_dir
  check_requirements
  say "Requirements are satisfied"
}

run_uninstall() {
  if [ $systemd = no ]; then
    say "systemd not detected, dockerd-rootless.sh needs to be stopped manually"
  else
    systemctl --user stop $unit || true
    systemctl --user disable $unit || true
    rm -f "$unit_file"
    systemctl --user daemon-reload
    say "Uninstalled $unit"
  fi
  if has_context; then
    use_context default
    "$docker" --context=default context rm -f $context >/dev/null
    say "Deleted CLI context \"$context\""
  fi
  say "The CLI uses the \"default\" context."
  say "Make sure to unset or update the environment variables PATH, DOCKER_HOST and DOCKER_CONTEXT if you have added them to ~/.bashrc."
  say "This uninstallation tool does NOT remove Docker binaries and data."
  say "To remove data, run: \`rootlesskit rm -rf ${XDG_DATA_HOME:-$HOME/.local/share}/docker\`"
}

command=
for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit 0 ;;
    -f | --force) force=yes ;;
    --skip-iptables) skip_iptables=yes ;;
    -*) usage >&2; fail "Unknown option: $argument" ;;
    *) [ -z "$command" ] || fail "Only one command can be given"; command=$argument ;;
  esac
done
case $command in
  '') fail "No command was specified. Run with --help to see the usage. Maybe you want to run \`$program install\`?" ;;
  check | install | uninstall) look_around; "run_$command" ;;
  *) fail "Unknown command: $command. Run with --help to see the usage." ;;
esac
