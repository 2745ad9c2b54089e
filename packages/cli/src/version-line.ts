import {engineVersion, gitCommit} from '@longshore/base';

/** What `docker --version` prints. */
export function versionLine(): string {
  return `Docker version ${engineVersion}, build ${gitCommit}`;
}
