/** `<data-root>/containers/<id>/{config.v2.json,hostconfig.json}`. */
import {mkdirSync, renameSync, writeFileSync} from 'node:fs';
import {mkdir, readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {type Logger, randomHex, removeTemporaries} from '@longshore/base';
import {hostConfig} from '../../core/containers/documents/host-config.ts';
import type {ContainerRecord} from '../../core/containers/record.ts';
import type {ContainerStore} from '../../core/ports/container-store.ts';
import {decodeRecord, encodeRecord} from './record-document.ts';

const configName = 'config.v2.json';
const hostConfigName = 'hostconfig.json';
/** Records that could not be read are moved here, for the administrator to look at. */
const damagedName = 'damaged';

export class StateDirectory implements ContainerStore {
  readonly #root: string;
  readonly #log: Logger;
  /** What hostconfig.json holds: it seldom changes and need not be written with every state. */
  readonly #hostConfigs = new Map<string, string>();

  /** `root` is `<data-root>/containers`. */
  constructor(root: string, log: Logger) {
    this.#root = root;
    this.#log = log;
  }

  directory(id: string): string {
    return join(this.#root, id);
  }

  /**
   * Synchronous calls on two small files: through the thread pool the same takes ten times as long, four times in the
   * life of a container. No fsync: what a power cut takes with it is a container that the power cut has ended.
   */
  async save(record: ContainerRecord): Promise<void> {
    const directory = this.directory(record.id);
    const host = JSON.stringify(hostConfig.encode(record.host));
    if (this.#hostConfigs.get(record.id) !== host) {
      mkdirSync(directory, {recursive: true, mode: 0o710});
      replaceFile(join(directory, hostConfigName), host);
      this.#hostConfigs.set(record.id, host);
    }
    replaceFile(join(directory, configName), encodeRecord(record));
  }

  async loadAll(): Promise<ContainerRecord[]> {
    const names = await readdir(this.#root);
    const ids = names.filter(name => /^[0-9a-f]{64}$/.test(name));
    const records = await Promise.all(ids.map(id => this.#load(id)));
    return records.filter(record => record !== undefined);
  }

  async removeData(id: string): Promise<void> {
    const directory = this.directory(id);
    const names = await readdir(directory).catch(() => []); // a record that was never saved has no directory
    const data = names.filter(name => name !== configName && name !== hostConfigName);
    await Promise.all(data.map(name => rm(join(directory, name), {recursive: true, force: true})));
  }

  async remove(id: string): Promise<void> {
    this.#hostConfigs.delete(id);
    await rm(this.directory(id), {recursive: true, force: true});
  }

  async #load(id: string): Promise<ContainerRecord | undefined> {
    const directory = this.directory(id);
    try {
      await removeTemporaries(directory);
      const host = await readFile(join(directory, hostConfigName), 'utf8');
      const record = decodeRecord(
        await readFile(join(directory, configName), 'utf8'),
        hostConfig.decode(JSON.parse(host), ''),
      );
      if (record.id !== id) throw new Error(`the record is that of ${record.id}`);
      this.#hostConfigs.set(id, host);
      return record;
    } catch (error) {
      await this.#setAside(id, error);
      return undefined;
    }
  }

  /** A directory without a record is that of a create or a remove that was killed; a damaged record is kept. */
  async #setAside(id: string, error: unknown): Promise<void> {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      this.#log.warn({container: id, error}, 'removing the remains of a container without a record');
      await rm(this.directory(id), {recursive: true, force: true});
      return;
    }
    this.#log.error({container: id, error}, 'the record of a container is damaged: setting it aside');
    await mkdir(join(this.#root, damagedName), {recursive: true, mode: 0o700});
    await rename(this.directory(id), join(this.#root, damagedName, `${id}-${randomHex(4)}`));
  }
}

/** The name matches what removeTemporaries looks for. */
function replaceFile(path: string, content: string): void {
  const at = path.lastIndexOf('/') + 1;
  const temporary = `${path.slice(0, at)}.${path.slice(at)}.tmp-${randomHex(6)}`;
  writeFileSync(temporary, content, {mode: 0o600});
  renameSync(temporary, path);
}
