/** A small file per exit that is being handled, under `<exec-root>/exits`: no process outlives a power cut. */
import {mkdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExitNotes, NotedExit} from '../../core/ports/exit-notes.ts';
import type {ProcessExit} from '../../core/ports/task-runtime.ts';

export class ExitNoteFiles implements ExitNotes {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  write(containerId: string, {pid, exitCode, exitedAt}: NotedExit): void {
    mkdirSync(this.#directory, {recursive: true, mode: 0o700});
    const path = this.#path(containerId);
    writeFileSync(`${path}.new`, `${pid} ${exitCode} ${exitedAt}`, {mode: 0o600});
    renameSync(`${path}.new`, path);
  }

  read(containerId: string, pid: number): ProcessExit | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path(containerId), 'latin1');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const match = /^(\d+) (\d+) (\d+)$/.exec(text);
    if (!match || Number(match[1]) !== pid) return undefined;
    return {exitCode: Number(match[2]), exitedAt: BigInt(match[3] as string)};
  }

  remove(containerId: string): void {
    rmSync(this.#path(containerId), {force: true});
  }

  #path(containerId: string): string {
    return join(this.#directory, containerId);
  }
}
