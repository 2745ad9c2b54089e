import {readFile, rm} from 'node:fs/promises';
import {writeFileAtomic} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {processExists} from '@longshore/linux';

/** Takes the pid file; dispose removes it. Throws when the daemon named in it is alive; a stale one is replaced. */
export async function takePidFile(path: string): Promise<AsyncDisposable> {
  const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
  if (pid > 0 && pid !== process.pid && processExists(pid)) {
    throw new EngineError(
      'failed-precondition',
      `failed to start daemon, ensure docker is not running or delete ${path}: process with PID ${pid} is still running`,
    );
  }
  await writeFileAtomic(path, String(process.pid), {mode: 0o644, durable: false});
  return {[Symbol.asyncDispose]: () => rm(path, {force: true})};
}
