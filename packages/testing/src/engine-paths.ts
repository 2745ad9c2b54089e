import {mkdirSync, mkdtempSync} from 'node:fs';
import {basename, join} from 'node:path';

/**
 * Every path of one test engine. All are under one short directory of /tmp: the path of a unix socket may have 107
 * bytes at most.
 */
export interface EnginePaths {
  root: string;
  dataRoot: string;
  execRoot: string;
  dockerSocket: string;
  containerdSocket: string;
  pidFile: string;
  configFile: string;
  /** Directory of the daemons' logs. */
  logs: string;
  /** $HOME and $DOCKER_CONFIG of the clients. */
  home: string;
  /** For the test's own files. */
  scratch: string;
  /** Value of --cgroup-parent; unique to the engine. */
  cgroupParent: string;
}

export function makeEnginePaths(): EnginePaths {
  const root = mkdtempSync('/tmp/ls-');
  const paths: EnginePaths = {
    root,
    dataRoot: join(root, 'data'),
    execRoot: join(root, 'exec'),
    dockerSocket: join(root, 'docker.sock'),
    containerdSocket: join(root, 'exec/containerd/containerd.sock'),
    pidFile: join(root, 'docker.pid'),
    configFile: join(root, 'daemon.json'),
    logs: join(root, 'log'),
    home: join(root, 'home'),
    scratch: join(root, 'scratch'),
    cgroupParent: `/longshore-test-${basename(root)}`,
  };
  for (const dir of [paths.dataRoot, paths.execRoot, paths.logs, paths.home, paths.scratch])
    mkdirSync(dir, {mode: 0o711});
  return paths;
}
