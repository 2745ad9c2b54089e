/** The test's side of a sandbox: one process that holds a mount and a network namespace and all that runs in them. */
import {type ChildProcess, fork} from 'node:child_process';
import {constants} from 'node:os';
import {join} from 'node:path';
import {execa, type Options, type Result} from 'execa';
import type {SandboxMessage, SandboxRequest, Survey} from './sandbox-protocol.ts';

type Request = SandboxRequest extends infer R ? (R extends SandboxRequest ? Omit<R, 'request'> : never) : never;
type Answer = SandboxMessage & {kind: 'answer'};

export interface SpawnOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** File that standard output and standard error are appended to. */
  log: string;
}

/** A process of the sandbox; it outlives this handle, not the sandbox. */
export interface SandboxProcess {
  readonly pid: number;
  /** Exit code, or 128 + signal. */
  readonly exited: Promise<number>;
}

export class Sandbox implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  readonly #exits = new Map<number, (status: number) => void>();
  /** Exits that were reported before spawn() had its pid. */
  readonly #earlyExits = new Map<number, number>();
  readonly #ended: Promise<void>;
  #nextRequest = 1;

  private constructor(child: ChildProcess, pid: number, ended: Promise<void>) {
    this.#child = child;
    this.pid = pid;
    this.#ended = ended;
    child.on('message', message => this.#receive(message as SandboxMessage));
  }

  /** Starts the process and waits until it is in its namespaces. Throws what it could not do (as a rule: no root). */
  static async start(): Promise<Sandbox> {
    const child = fork(join(import.meta.dirname, 'sandbox-main.ts'), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
    const first = await new Promise<SandboxMessage>((resolve, reject) => {
      child.once('message', message => resolve(message as SandboxMessage));
      child.once('error', reject);
      child.once('exit', code => reject(new Error(`the sandbox process ended at its start with code ${code}`)));
    });
    if (first.kind !== 'ready') throw new Error(`cannot make a sandbox: ${'message' in first ? first.message : ''}`);
    return new Sandbox(child, first.pid, ended);
  }

  /** Starts a daemon inside the namespaces, in a session of its own. */
  async spawn(argv: string[], options: SpawnOptions): Promise<SandboxProcess> {
    const env = options.env ?? {};
    const {pid} = await this.#ask({kind: 'spawn', argv, env, cwd: options.cwd ?? '/', log: options.log});
    if (pid === undefined) throw new Error('the sandbox gave no pid');
    const exited = new Promise<number>(resolve => {
      const early = this.#earlyExits.get(pid);
      if (early === undefined) this.#exits.set(pid, resolve);
      else resolve(early);
      this.#earlyExits.delete(pid);
    });
    return {pid, exited};
  }

  /** Signals a process of the sandbox. */
  async kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#ask({kind: 'kill', pid, signal: constants.signals[signal]});
  }

  /** Runs a client inside the namespaces and collects its output; it never rejects on a non-zero exit. */
  run(argv: string[], options: Options = {}): ReturnType<typeof execa> {
    return execa('nsenter', [`--target=${this.pid}`, '--mount', '--net', '--', ...argv], {
      reject: false,
      ...options,
    }) as ReturnType<typeof execa>;
  }

  async survey(): Promise<Survey> {
    const {survey} = await this.#ask({kind: 'survey'});
    if (!survey) throw new Error('the sandbox gave no survey');
    return survey;
  }

  /** Kills everything in the sandbox and waits for its end; the kernel then drops both namespaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) await this.#ask({kind: 'stop'}).catch(() => this.#child.kill('SIGKILL'));
    await this.#ended;
  }

  #ask(request: Request): Promise<Answer> {
    const number = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#answers.set(number, answer => (answer.error ? reject(new Error(answer.error)) : resolve(answer)));
      this.#child.send({...request, request: number}, error => error && reject(error));
      this.#ended.then(() => reject(new Error('the sandbox process has ended')));
    });
  }

  #receive(message: SandboxMessage): void {
    if (message.kind === 'answer') {
      this.#answers.get(message.request)?.(message);
      this.#answers.delete(message.request);
    } else if (message.kind === 'exit') {
      const waiting = this.#exits.get(message.pid);
      if (waiting) waiting(message.status);
      else this.#earlyExits.set(message.pid, message.status);
      this.#exits.delete(message.pid);
    }
  }
}

export type RunResult = Result;
