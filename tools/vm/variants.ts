/**
 * What is in the guests' disk images: Debian 12 as an administrator would have it, and the same with the originals that
 * the end-to-end suites compare with.
 */

/** The Debian release of the guests. */
export const suite = 'bookworm';

/** Variants of the guest, by name. */
export type Variant = 'admin' | 'peers';

const common = [
  'linux-image-cloud-amd64',
  'systemd',
  'systemd-sysv',
  'dbus',
  'dbus-user-session',
  'libpam-systemd',
  'udev',
  'kmod',
  'apparmor',
  'runc',
  'iptables',
  'nftables',
  'busybox-static',
  'iproute2',
  'procps',
  'util-linux',
  'tini',
  'zstd',
  // Started by tests only.
  'docker-registry',
  // The agent is a program for Node.
  'libatomic1',
  'btrfs-progs',
  'xfsprogs',
  // Rootless engines.
  'rootlesskit',
  'slirp4netns',
  'fuse-overlayfs',
  'uidmap',
];

/** Debian packages of each variant. */
export const packages: Record<Variant, string[]> = {
  admin: common,
  peers: [...common, 'docker.io', 'containerd', 'crun', 'skopeo', 'umoci', 'strace', 'netcat-openbsd', 'mount'],
};

/** Size of the guest's disk in bytes; the file is sparse. */
export const diskBytes = 12 * 1024 ** 3;
