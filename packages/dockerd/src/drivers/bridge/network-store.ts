/** Networks on disk: one JSON file each under `<data-root>/network/files`. */
import {mkdir, readdir, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {type Logger, removeTemporaries, syncDirectory, writeFileAtomic} from '@longshore/base';
import {networkRecord} from '../../core/networks/documents.ts';
import type {NetworkStore} from '../../core/networks/ports.ts';

export function openNetworkStore(directory: string, log: Logger): NetworkStore {
  const fileOf = (id: string) => join(directory, `${id}.json`);
  return {
    async load() {
      await mkdir(directory, {recursive: true, mode: 0o750});
      await removeTemporaries(directory);
      const records = [];
      for (const name of (await readdir(directory)).sort()) {
        if (!/^[0-9a-f]{64}\.json$/.test(name)) continue;
        try {
          records.push(networkRecord.decode(JSON.parse(await readFile(join(directory, name), 'utf8')), ''));
        } catch (error) {
          log.error({file: join(directory, name), error}, 'cannot read a network, ignoring it');
        }
      }
      return records;
    },
    async save(record) {
      await writeFileAtomic(fileOf(record.Id), JSON.stringify(networkRecord.encode(record)));
    },
    async remove(id) {
      await rm(fileOf(id), {force: true});
      await syncDirectory(directory);
    },
  };
}
