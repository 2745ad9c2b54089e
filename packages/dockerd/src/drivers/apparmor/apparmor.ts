/** AppArmor of this kernel: whether it is there, and Docker's default profile in it. */
import {execFile} from 'node:child_process';
import {access} from 'node:fs/promises';
import {readFileIfExists} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {type AppArmor, defaultAppArmorProfile} from '../../core/ports/app-armor.ts';
import {buildProfile} from './profile.ts';

const parser = '/sbin/apparmor_parser';
const loadedProfiles = '/sys/kernel/security/apparmor/profiles';
const configuration = '/etc/apparmor.d';
/** A parser that hangs must not keep containers from failing. */
const parserTimeoutMs = 30_000;

/** True when the kernel enforces profiles and the program that loads them is installed. */
export async function supportsAppArmor(): Promise<boolean> {
  const enabled = await readFileIfExists('/sys/module/apparmor/parameters/enabled');
  return (enabled?.startsWith('Y') ?? false) && (await exists(parser)) && (await exists(loadedProfiles));
}

/** Reads and loads profiles of the running kernel. */
export class KernelAppArmor implements AppArmor {
  #loading: Promise<void> | undefined;

  async ensureDefaultProfile(): Promise<void> {
    if (await isLoaded(defaultAppArmorProfile)) return;
    // Containers that start side by side wait for one parser.
    this.#loading ??= loadDefaultProfile().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }
}

/** A line of the kernel's list is `name (mode)`. */
async function isLoaded(name: string): Promise<boolean> {
  const list = (await readFileIfExists(loadedProfiles)) ?? '';
  return list.split('\n').some(line => line.startsWith(`${name} (`));
}

async function loadDefaultProfile(): Promise<void> {
  const text = buildProfile({
    name: defaultAppArmorProfile,
    daemonProfile: parseConfinement((await readFileIfExists('/proc/self/attr/current')) ?? ''),
    parser: parseParserVersion((await runParser(['--version'])).stdout),
    has: {
      globalTunables: await exists(`${configuration}/tunables/global`),
      baseAbstraction: await exists(`${configuration}/abstractions/base`),
      abi: await exists(`${configuration}/abi/3.0`),
    },
  });
  const {ok, stderr} = await runParser(['--skip-cache', '--replace'], text);
  if (!ok) {
    throw new EngineError(
      'internal',
      `AppArmor enabled on system but the ${defaultAppArmorProfile} profile could not be loaded: ${stderr.trim()}`,
    );
  }
}

interface ParserResult {
  ok: boolean;
  stdout: string;
  stderr: string;
}

function runParser(args: string[], input = ''): Promise<ParserResult> {
  return new Promise(done => {
    const child = execFile(parser, args, {timeout: parserTimeoutMs}, (error, stdout, stderr) => {
      done({ok: error === null, stdout, stderr: stderr || (error?.message ?? '')});
    });
    child.stdin?.on('error', () => {}); // it may end before it has read everything: its exit code tells
    child.stdin?.end(input);
  });
}

/** `docker-engine (enforce)` or `unconfined`, with a NUL or newline behind it in some kernels. */
export function parseConfinement(text: string): string {
  return text.replace(/[\0\n]+$/, '').replace(/ \((?:enforce|complain|kill|unconfined|prompt)\)$/, '');
}

/** First line of its answer: `AppArmor parser version 3.0.8`. One that cannot be read counts as old. */
export function parseParserVersion(output: string): [number, number] {
  const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(output) ?? [];
  return [Number(major), Number(minor)];
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
