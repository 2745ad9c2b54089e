/**
 * Records of sandboxes: one JSON file each under `<exec-root>/libnetwork`. Written without fsync: they have to survive
 * the daemon, and what they describe does not survive the machine.
 */
import {mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import type {SandboxStore} from '../../core/networks/ports.ts';
import {sandboxRecord} from '../../core/networks/sandbox-record.ts';

export function openSandboxStore(directory: string, log: Logger): SandboxStore {
  mkdirSync(directory, {recursive: true, mode: 0o700});
  const fileOf = (containerId: string) => join(directory, `${containerId}.json`);
  return {
    load: () =>
      readdirSync(directory).flatMap(name => {
        const path = join(directory, name);
        if (!name.endsWith('.json')) {
          rmSync(path, {force: true}); // a write that never ended
          return [];
        }
        try {
          return [sandboxRecord.decode(JSON.parse(readFileSync(path, 'utf8')), '')];
        } catch (error) {
          log.error({file: path, error}, 'cannot read a network sandbox, ignoring it');
          return [];
        }
      }),
    save(record) {
      const temporary = join(directory, `${record.containerId}.new`);
      writeFileSync(temporary, JSON.stringify(sandboxRecord.encode(record)), {mode: 0o600});
      renameSync(temporary, fileOf(record.containerId));
    },
    remove: containerId => rmSync(fileOf(containerId), {force: true}),
  };
}
