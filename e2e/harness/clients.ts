import {existsSync} from 'node:fs';
import {debianExecutables, type Engine} from '@longshore/testing';

/** A docker CLI that the suites drive: every client must see the same engine. */
export interface DockerClient {
  name: string;
  path: (engine: Engine) => string;
  /** Environment that this client needs besides the engine's. */
  env: Record<string, string>;
}

const newer = '/usr/local/bin/docker';

/** Our CLI, Debian's, and a newer original where this machine has one. */
export const dockerClients: DockerClient[] = [
  {name: 'our docker', path: engine => engine.executables.docker, env: {}},
  {name: "Debian's docker", path: () => debianExecutables.docker, env: {}},
  ...(existsSync(newer) ? [{name: 'a newer docker', path: () => newer, env: {}}] : []),
];

/** Runs a docker command with one of the clients inside the engine's namespaces. */
export async function docker(client: DockerClient, engine: Engine, args: string[], input?: string | Buffer) {
  const env = {...engine.clientEnv(), ...client.env};
  return engine.run([client.path(engine), ...args], {env, ...(input === undefined ? {stdin: 'ignore'} : {input})});
}
