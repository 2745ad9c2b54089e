import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {env} from 'node:process';

/** Paths of every executable of an engine. Each may be replaced by an original of the same role. */
export interface Executables {
  docker: string;
  dockerd: string;
  containerd: string;
  ctr: string;
  /** Directory put first on the daemons' PATH: the shim, the runtime wrapper and docker-proxy are found there. */
  path: string;
}

/** The original engine of Debian's docker.io and containerd packages. */
export const debianExecutables: Executables = {
  docker: '/usr/bin/docker',
  dockerd: '/usr/sbin/dockerd',
  containerd: '/usr/bin/containerd',
  ctr: '/usr/bin/ctr',
  path: '/usr/bin',
};

/** The executables of an engine: Longshore's own, but for the roles that are replaced. */
export function resolveExecutables(replaced: Partial<Executables> = {}): Executables {
  const isComplete = Object.keys(debianExecutables).every(role => role in replaced);
  return isComplete ? (replaced as Executables) : {...longshoreExecutables(), ...replaced};
}

/** Longshore's own: $LONGSHORE_BIN, else dist/bin of this repository, else /usr/bin. */
export function longshoreExecutables(): Executables {
  const built = resolve(import.meta.dirname, '../../../dist/bin');
  const dir = env.LONGSHORE_BIN ?? (existsSync(join(built, 'dockerd')) ? built : '/usr/bin');
  const missing = ['docker', 'dockerd', 'containerd', 'ctr', 'containerd-shim-runc-v2'].filter(
    name => !existsSync(join(dir, name)),
  );
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} not found in ${dir}: run "npm run build", or set LONGSHORE_BIN`);
  }
  return {
    docker: join(dir, 'docker'),
    dockerd: join(dir, 'dockerd'),
    containerd: join(dir, 'containerd'),
    ctr: join(dir, 'ctr'),
    path: dir,
  };
}
