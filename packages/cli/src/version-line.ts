import {engineVersion, gitCommit} from '@longshore/base';

/** What `docker --version` prints. */
export function versionLine(): string {
  return `Docker version ${engineVersion}, build ${gitCommit}`;
}

/** What this executable runs on; stands where the original names its version of Go. */
export function runtimeName(): string {
  const {bun, node} = process.versions as Record<string, string | undefined>;
  return bun ? `none (Bun ${bun})` : `none (Node ${node})`;
}

/** Go's name of this machine's architecture. */
export function systemArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}
