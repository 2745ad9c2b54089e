/** `<data-root>/containers/<id>/{config.v2.json,hostconfig.json}`. */
import {chownSync, mkdirSync, renameSync, writeFileSync} from 'node:fs';
import {chown, mkdir, readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {type Logger, randomHex, removeTemporaries, syncDirectory, writeFileAtomic} from '@longshore/base';
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
  readonly #group: number;
  /** What hostconfig.json holds: it seldom changes and need not be written with every state. */
  readonly #hostConfigs = new Map<string, string>();
  /** The last write of each container that is under way: a newer record is never overtaken by an older one. */
  readonly #saves = new Map<string, Promise<void>>();

  /** `root` is `<data-root>/containers`; remapped containers reach their files as members of `group`. */
  constructor(root: string, log: Logger, group = 0) {
    this.#group = group;
    this.#root = root;
    this.#log = log;
  }

  directory(id: string): string {
    return join(this.#root, id);
  }

  /**
   * A record that a client may have been told about survives a power cut. One of `--rm` need not: whatever becomes of it,
   * the container would be removed at the next start; its two small files are written by synchronous calls, which take a
   * tenth of the time that the thread pool takes, four times in the life of a short container.
   */
  async save(record: ContainerRecord): Promise<void> {
    const files: [name: string, content: string][] = [];
    const host = JSON.stringify(hostConfig.encode(record.host));
    if (this.#hostConfigs.get(record.id) !== host) files.push([hostConfigName, host]);
    // Encoded now: the record may change while earlier saves of it are still being written.
    files.push([configName, encodeRecord(record)]);
    this.#hostConfigs.set(record.id, host);
    const previous = this.#saves.get(record.id) ?? Promise.resolve();
    const write = async () => {
      const directory = this.directory(record.id);
      if (record.host.AutoRemove) replaceFiles(directory, files, this.#group);
      else await this.#replaceDurably(directory, files);
    };
    const saved = record.host.AutoRemove && !this.#saves.has(record.id) ? write() : previous.then(write, write);
    this.#saves.set(record.id, saved);
    try {
      await saved;
    } catch (error) {
      this.#hostConfigs.delete(record.id);
      throw error;
    } finally {
      if (this.#saves.get(record.id) === saved) this.#saves.delete(record.id);
    }
  }

  async #replaceDurably(directory: string, files: [name: string, content: string][]): Promise<void> {
    const made = await mkdir(directory, {recursive: true, mode: 0o710});
    if (made !== undefined && this.#group !== 0) await chown(directory, -1, this.#group);
    await Promise.all(files.map(([name, content]) => writeFileAtomic(join(directory, name), content)));
    if (made !== undefined) await syncDirectory(this.#root);
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

/** The names of the temporaries match what removeTemporaries looks for. */
function replaceFiles(directory: string, files: [name: string, content: string][], group: number): void {
  const made = mkdirSync(directory, {recursive: true, mode: 0o710});
  if (made !== undefined && group !== 0) chownSync(directory, -1, group);
  for (const [name, content] of files) {
    const temporary = join(directory, `.${name}.tmp-${randomHex(6)}`);
    writeFileSync(temporary, content, {mode: 0o600});
    renameSync(temporary, join(directory, name));
  }
}
