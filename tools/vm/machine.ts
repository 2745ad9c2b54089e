/**
 * A guest: qemu with a software processor (no KVM is needed), an overlay of an image as its disk, and a virtio port by
 * which commands go in and machine-readable answers come out. It has no network card.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdir, readFile, rm} from 'node:fs/promises';
import {createConnection, type Socket} from 'node:net';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {execa} from 'execa';
import type {Image} from './image.ts';

/** What a command left. */
export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

interface Pending {
  out: Buffer[];
  err: Buffer[];
  onOutput: ((text: string) => void) | undefined;
  done: (result: Result) => void;
  fail: (error: Error) => void;
}

export interface MachineOptions {
  /** Directory of its own: disk, port and console log. */
  directory: string;
  image: Image;
  /** The second, read-only disk. */
  payload: string;
  memoryMegabytes?: number;
}

/** One guest, which can be switched off and on again; its disk stays what it was. */
export class Machine implements AsyncDisposable {
  readonly #options: MachineOptions;
  readonly #pending = new Map<number, Pending>();
  #process: ChildProcess | undefined;
  #port: Socket | undefined;
  #nextId = 1;
  #ready = Promise.withResolvers<string>();

  constructor(options: MachineOptions) {
    this.#options = options;
  }

  /** Makes the machine's own disk over the image; {@link start} boots it. */
  static async make(options: MachineOptions): Promise<Machine> {
    await mkdir(options.directory, {recursive: true});
    const disk = join(options.directory, 'disk.qcow2');
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', options.image.disk, disk]);
    return new Machine(options);
  }

  /** What the guest wrote to its console since it was made. */
  get consoleLog(): string {
    return join(this.#options.directory, 'console.log');
  }

  /**
   * Boots and waits until the guest answers.
   *
   * @param timeoutMs milliseconds until it is given up (its processor is software: a boot takes 10 to 40 s)
   * @returns the boot id of its kernel
   */
  async start(timeoutMs = 600_000): Promise<string> {
    const {directory, image, payload, memoryMegabytes = 3072} = this.#options;
    const socket = join(directory, 'port.sock');
    await rm(socket, {force: true});
    this.#ready = Promise.withResolvers<string>();
    const drive = (file: string, more: string): string[] => ['-drive', `file=${file},if=virtio,${more}`];
    this.#process = spawn(
      // It must not outlive a test that is killed, as AVA does it with one that takes too long.
      'setpriv',
      // V8 and its protection keys for code do not get along with qemu's: Node would end by SIGTRAP now and then.
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64'].concat(
        ['-accel', 'tcg,thread=multi', '-cpu', 'max,pku=off', '-smp', '2', '-m', String(memoryMegabytes)],
        ['-nodefaults', '-display', 'none', '-no-reboot', '-nic', 'none', '-device', 'virtio-rng-pci'],
        ['-chardev', `file,id=console,append=on,path=${this.consoleLog}`, '-serial', 'chardev:console'],
        ['-chardev', `socket,id=port,path=${socket},server=on,wait=off`],
        ['-device', 'virtio-serial', '-device', 'virtserialport,chardev=port,name=longshore'],
        drive(join(directory, 'disk.qcow2'), 'format=qcow2,discard=unmap'),
        drive(payload, 'format=raw,readonly=on'),
        ['-kernel', image.kernel, '-initrd', image.initrd],
        ['-append', 'root=/dev/vda rw console=ttyS0 quiet panic=-1 net.ifnames=0'],
      ),
      {stdio: ['ignore', 'inherit', 'inherit']},
    );
    const process = this.#process;
    const ended = once(process, 'exit').then(([code]) => {
      throw new Error(`the guest ended with ${code} while it booted`);
    });
    ended.catch(() => {});
    const timer = new AbortController();
    const late = sleep(timeoutMs, undefined, {signal: timer.signal, ref: false}).then(() => {
      throw new Error(`the guest did not answer within ${timeoutMs / 1000} s`);
    });
    late.catch(() => {});
    try {
      await Promise.race([this.#connect(socket), ended, late]);
      return await Promise.race([this.#ready.promise, ended, late]);
    } catch (error) {
      await this.powerCut();
      const console = await readFile(this.consoleLog, 'utf8').catch(() => '');
      throw new Error(`${(error as Error).message}\n${console.split('\n').slice(-20).join('\n')}`, {cause: error});
    } finally {
      timer.abort();
    }
  }

  /**
   * Runs a command line by bash in the guest, as root.
   *
   * @param options.input bytes for its standard input
   * @param options.onOutput called with its output as it comes
   * @throws Error when the machine goes away before the answer; not when the command fails
   */
  async run(command: string, options: {input?: string; onOutput?: (text: string) => void} = {}): Promise<Result> {
    const port = this.#port;
    if (!port) throw new Error('the guest is not running');
    const id = this.#nextId++;
    return await new Promise<Result>((done, fail) => {
      this.#pending.set(id, {out: [], err: [], onOutput: options.onOutput, done, fail});
      port.write(`${JSON.stringify({id, run: command, input: options.input})}\n`);
    });
  }

  /**
   * As {@link run}, for commands that must succeed.
   *
   * @returns what it wrote to its standard output, without the last newline
   * @throws Error with the command's output when its exit code is not 0
   */
  async check(command: string, input?: string): Promise<string> {
    const result = await this.run(command, input === undefined ? {} : {input});
    if (result.code !== 0) {
      throw new Error(`in the guest: ${command}\nexit code ${result.code}\n${result.stdout}${result.stderr}`);
    }
    return result.stdout.replace(/\n$/, '');
  }

  /** Shuts the guest down as an administrator would, and waits for its end. */
  async shutdown(timeoutMs = 600_000): Promise<void> {
    const process = this.#process;
    if (!process) return;
    const ended = exited(process);
    this.run('systemctl poweroff').catch(() => {}); // the answer may be lost with the machine
    await Promise.race([ended, sleep(timeoutMs, undefined, {ref: false})]);
    const late = process.exitCode === null && process.signalCode === null;
    await this.powerCut();
    if (late) throw new Error(`the guest was not off after ${timeoutMs / 1000} s; its console: ${this.consoleLog}`);
  }

  /** Off, at once: what the guest did not write to its disk is lost. */
  async powerCut(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    this.#port?.destroy();
    this.#port = undefined;
    if (process) {
      process.kill('SIGKILL');
      await exited(process);
    }
    for (const pending of this.#pending.values()) pending.fail(new Error('the guest was switched off'));
    this.#pending.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerCut();
    await rm(this.#options.directory, {recursive: true, force: true});
  }

  async #connect(path: string): Promise<void> {
    for (;;) {
      const socket = createConnection(path);
      const connected = await new Promise<boolean>(done => {
        socket.once('connect', () => done(true));
        socket.once('error', () => done(false));
      });
      if (connected) {
        socket.on('error', () => {}); // its end is the machine's end
        this.#port = socket;
        createInterface({input: socket}).on('line', line => this.#answer(line));
        return;
      }
      if (!this.#process) return;
      await sleep(20);
    }
  }

  #answer(line: string): void {
    const message = JSON.parse(line) as {ready?: string; id: number; out?: string; err?: string; code?: number};
    if (message.ready !== undefined) this.#ready.resolve(message.ready);
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    for (const [text, into] of [
      [message.out, pending.out],
      [message.err, pending.err],
    ] as const) {
      if (text === undefined) continue;
      const bytes = Buffer.from(text, 'base64');
      into.push(bytes);
      pending.onOutput?.(bytes.toString());
    }
    if (message.code === undefined) return;
    this.#pending.delete(message.id);
    const text = (parts: Buffer[]): string => Buffer.concat(parts).toString();
    pending.done({code: message.code, stdout: text(pending.out), stderr: text(pending.err)});
  }
}

async function exited(process: ChildProcess): Promise<void> {
  if (process.exitCode === null && process.signalCode === null) await once(process, 'exit');
}
