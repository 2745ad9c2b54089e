/** The Debian packages: one for each executable, and one that brings them all. */

/** A package and what is particular about it. */
export interface Package {
  name: string;
  /** The executable of dist/bin; undefined for the metapackage. */
  executable: string | undefined;
  /** Section of its manual page. */
  section: 1 | 8;
  summary: string;
  description: string;
  depends: string[];
  recommends?: string[];
  suggests?: string[];
  /** Debian's and Docker's packages that it takes the place of: both cannot be there. */
  replaces: string[];
  /** Its executable comes over that of another package, which stays installed and gets its own back on removal. */
  diverts?: boolean;
  /** Packages of others whose dependants it satisfies. */
  provides?: string[];
  /** Of tools/rootless, beside the executable, each with the summary of its manual page. */
  scripts?: Record<string, string>;
  /** Units of tools/systemd. */
  units?: string[];
  /** Files of configuration, by path, with what they hold at first. */
  conffiles?: Record<string, string>;
  /** System group that its socket belongs to. */
  group?: string;
  /** What `purge` removes, and nothing else does. */
  data?: string[];
}

/** Bun links against glibc 2.17, which every supported Debian has. */
const libc = 'libc6 (>= 2.17)';

export const packages: Package[] = [
  {
    name: 'longshore-cli',
    executable: 'docker',
    section: 1,
    summary: "client of the Docker engine: Longshore's command docker",
    description: 'Runs containers, builds on images and looks after networks and volumes of any Docker engine.',
    depends: [libc],
    recommends: ['ca-certificates'],
    suggests: ['longshore-dockerd'],
    replaces: ['docker.io', 'docker-cli', 'docker-ce-cli'],
    provides: ['docker-cli'],
  },
  {
    name: 'longshore-dockerd',
    executable: 'dockerd',
    section: 8,
    summary: "daemon of the Docker engine: Longshore's dockerd",
    description: 'Serves the Engine API: containers, images, networks and volumes.',
    depends: [libc, 'iptables', 'longshore-containerd', 'longshore-docker-proxy', 'passwd'],
    recommends: ['apparmor', 'ca-certificates', 'longshore-cli', 'tini'],
    suggests: ['longshore-runc-wrapper', 'rootlesskit', 'slirp4netns', 'uidmap', 'dbus-user-session'],
    replaces: ['docker.io', 'docker-engine', 'docker-ce', 'docker-ce-rootless-extras', 'moby-engine'],
    scripts: {
      'dockerd-rootless.sh': 'start dockerd as an ordinary user, by rootlesskit',
      'dockerd-rootless-setuptool.sh': "set up a user's own engine as a service of their systemd",
    },
    units: ['docker.service', 'docker.socket'],
    conffiles: {'/etc/docker/daemon.json': '{}\n'},
    group: 'docker',
    data: ['/var/lib/docker', '/etc/docker', '/run/docker', '/run/docker.pid'],
  },
  {
    name: 'longshore-containerd',
    executable: 'containerd',
    section: 8,
    summary: "container runtime: Longshore's containerd",
    description: 'Keeps images, snapshots and running containers for engines, ctr and other clients of its API.',
    depends: [libc, 'longshore-containerd-shim'],
    recommends: ['longshore-ctr'],
    replaces: ['containerd', 'containerd.io'],
    // Unversioned, so that nothing takes it for a release that it has not been tested as.
    provides: ['containerd'],
    units: ['containerd.service'],
    conffiles: {
      '/etc/containerd/config.toml':
        '# See containerd(8); "containerd config default" prints every setting.\nversion = 3\n',
    },
    data: ['/var/lib/containerd', '/etc/containerd', '/run/containerd'],
  },
  {
    name: 'longshore-ctr',
    executable: 'ctr',
    section: 1,
    summary: "client of containerd to debug with: Longshore's ctr",
    description: 'Looks into a containerd: images, containers, tasks, snapshots, content, leases and events.',
    depends: [libc],
    replaces: [],
    diverts: true,
  },
  {
    name: 'longshore-containerd-shim',
    executable: 'containerd-shim-runc-v2',
    section: 8,
    summary: "parent of containers: Longshore's containerd-shim-runc-v2",
    description: 'One for each container: holds its streams and its exit status while daemons come and go.',
    depends: [libc, 'runc | crun'],
    replaces: [],
    diverts: true,
  },
  {
    name: 'longshore-runc-wrapper',
    executable: 'runc-wrapper',
    section: 8,
    summary: 'OCI runtime of Longshore over runc or crun',
    description: 'The command line of runc, with what is only bookkeeping done in the process itself.',
    depends: [libc, 'runc | crun'],
    replaces: [],
  },
  {
    name: 'longshore-docker-proxy',
    executable: 'docker-proxy',
    section: 8,
    summary: "proxy of published ports: Longshore's docker-proxy",
    description: 'Carries connections from this host itself to ports that containers publish.',
    depends: [libc],
    replaces: ['docker.io', 'docker-ce', 'moby-engine'],
  },
  {
    name: 'longshore',
    executable: undefined,
    section: 8,
    summary: 'whole Docker engine of Longshore (metapackage)',
    description: 'This metapackage brings every executable of Longshore.',
    depends: [],
    replaces: [],
  },
];

/** The metapackage depends on all others, of the same version. */
export const metapackage = 'longshore';
