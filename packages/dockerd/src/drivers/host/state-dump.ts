/** What the daemon is doing, as text: for SIGUSR1 and for /debug. The runtime has no stacks of waiting code to give. */
import {readdirSync, readlinkSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {Logger} from '@longshore/base';
import type {RunningJob} from '../../core/jobs/job-runner.ts';

/** What there is to tell grows with the start of the daemon. */
export class StateDump implements Disposable {
  readonly #directory: string;
  readonly #log: Logger;
  readonly #jobs: () => readonly RunningJob[];
  readonly #sections = new Map<string, () => string[]>();
  readonly #onSignal = () => void this.#write();

  /** Listens for SIGUSR1 from now on. */
  constructor(directory: string, jobs: () => readonly RunningJob[], log: Logger) {
    this.#directory = directory;
    this.#jobs = jobs;
    this.#log = log;
    process.on('SIGUSR1', this.#onSignal);
  }

  /** Lines under a title. */
  add(title: string, lines: () => string[]): void {
    this.#sections.set(title, lines);
  }

  describe(): string {
    return describeState(this.#jobs(), [...this.#sections]);
  }

  /** The signal is ignored afterwards: the default would end the process in the middle of its shutdown. */
  [Symbol.dispose](): void {
    process.off('SIGUSR1', this.#onSignal);
    process.on('SIGUSR1', () => {});
  }

  async #write(): Promise<void> {
    try {
      const path = await writeStateDump(this.#directory, this.describe());
      this.#log.info({}, `goroutine stacks written to ${path}`);
    } catch (error) {
      this.#log.warn({error}, 'failed to write goroutines dump');
    }
  }
}

/** Writes `goroutine-stacks-<time>.log`, the name that support tools collect; returns its path. */
export async function writeStateDump(directory: string, text: string, now = new Date()): Promise<string> {
  const time = now.toISOString().replace(/\.\d+/, '').replaceAll(':', '');
  const path = join(directory, `goroutine-stacks-${time}.log`);
  await writeFile(path, text, {mode: 0o644});
  return path;
}

function describeState(jobs: readonly RunningJob[], sections: readonly [string, () => string[]][]): string {
  const inFlight = jobs.map(({id, name, fields, startedAt, waits}) => {
    const seconds = ((Date.now() - startedAt.getTime()) / 1000).toFixed(3);
    return `job ${id} [${waits ? 'waiting' : 'running'}, ${seconds} s]: ${name} ${JSON.stringify(fields)}`;
  });
  const parts = {
    'jobs in flight': inFlight,
    ...Object.fromEntries(sections.map(([title, lines]) => [title, lines()])),
    'active resources': countNames(process.getActiveResourcesInfo()),
    'open files': openFiles(),
    memory: Object.entries(process.memoryUsage()).map(([name, bytes]) => `${name} ${bytes}`),
    report: reportLines(),
  };
  return Object.entries(parts)
    .map(([title, lines]) => `=== ${title}: ${lines.length}\n${lines.map(line => `${line}\n`).join('')}\n`)
    .join('');
}

/** `3 socket:[…]`-like lines, equal kinds counted. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return []; // the one that the directory was read with
    }
  });
}

function countNames(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`);
}

/** The runtime's own report, without the environment: it may hold secrets. */
function reportLines(): string[] {
  const report = process.report?.getReport() as Record<string, unknown> | undefined;
  if (!report) return [];
  const {environmentVariables: _secret, sharedObjects: _long, ...rest} = report;
  return JSON.stringify(rest, undefined, 2).split('\n');
}
