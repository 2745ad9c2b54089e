/** Runs a shim binary for one of its short actions and collects what it prints. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {originalFileLimit} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {withFileLimit} from '@longshore/linux';

export interface ActionRequest {
  path: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  stdin: Uint8Array;
  /** Milliseconds; 0 for no limit. Then it is killed. */
  timeoutMs: number;
}

export interface ActionOutput {
  stdout: Buffer;
  /** Both streams in order of arrival. */
  combined: string;
}

/** Asked for at once: later the parent may be another. */
const fileLimit = originalFileLimit();
/** More than this no action has to say. */
const maxOutput = 1 << 20;

/** Throws unknown with the output as its message when the action fails, deadline-exceeded. */
export async function runAction(request: ActionRequest): Promise<ActionOutput> {
  const {path, args, cwd, env, stdin, timeoutMs} = request;
  // A process group of its own: a Ctrl-C for the daemon must not reach what `start` leaves running.
  const child = withFileLimit(fileLimit, () =>
    spawn(path, args, {cwd, env: env as NodeJS.ProcessEnv, stdio: 'pipe', detached: true}),
  );
  const stdout: Buffer[] = [];
  const combined: Buffer[] = [];
  let length = 0;
  const collect = (chunks: Buffer[][]) => (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxOutput) for (const list of chunks) list.push(chunk);
  };
  child.stdout.on('data', collect([stdout, combined]));
  child.stderr.on('data', collect([combined]));
  child.stdin.on('error', () => {}); // it need not read its input
  child.stdin.end(stdin);
  const [code, signal, timedOut] = await ended(child, timeoutMs);
  const text = Buffer.concat(combined).toString('utf8');
  const action = args.at(-1);
  if (timedOut) throw new EngineError('deadline-exceeded', `shim ${action} took over ${timeoutMs} ms`);
  if (code !== 0) {
    const reason = signal ? `signal: ${signal}` : `exit status ${code}`;
    throw new EngineError('unknown', text.trim() || `shim ${action}: ${reason}`);
  }
  return {stdout: Buffer.concat(stdout), combined: text};
}

type Child = ReturnType<typeof spawn>;

async function ended(child: Child, timeoutMs: number): Promise<[number | null, string | null, boolean]> {
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      killGroup(child);
    },
    timeoutMs || 2 ** 31 - 1,
  );
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    await drained(child);
    return [code, signal, timedOut];
  } catch (error) {
    const {message} = error as Error;
    throw new EngineError('unknown', `cannot run shim: ${message}`, {cause: error});
  } finally {
    clearTimeout(timer);
  }
}

/** The action leads a group of its own: what it started goes with it. */
function killGroup(child: Child): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A process left running may hold the pipes open for ever; what the action itself printed is there within this time. */
const drainMs = 500;

async function drained(child: Child): Promise<void> {
  if (child.stdout?.destroyed && child.stderr?.destroyed) return;
  const closed = once(child, 'close').catch(() => {});
  const {promise, resolve} = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, drainMs);
  await Promise.race([closed, promise]);
  clearTimeout(timer);
}
