/** What SIGUSR1 leaves behind: the state of the daemon in the log and in a file. */
import {writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';

/** The file is `containerd.<pid>.stacks.log` in the directory for temporary files, as the original names it. */
export async function dumpState(state: Record<string, unknown>, log: Logger): Promise<void> {
  const resources = process.getActiveResourcesInfo();
  const counts = Object.fromEntries([...Map.groupBy(resources, kind => kind)].map(([kind, all]) => [kind, all.length]));
  const dump = {...state, resources: counts, uptime: process.uptime()};
  log.info({state: dump}, 'state of the daemon');
  const path = join(tmpdir(), `containerd.${process.pid}.stacks.log`);
  try {
    await writeFile(path, `${JSON.stringify(dump, undefined, 2)}\n`, {mode: 0o600});
    log.info({path}, 'state of the daemon written');
  } catch (error) {
    log.error({path, error}, 'cannot write the state of the daemon');
  }
}
