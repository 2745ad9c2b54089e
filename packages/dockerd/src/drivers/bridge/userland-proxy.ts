/**
 * The proxy of a published port: a process of its own, by Docker's conventions. Descriptor 3 is a pipe on which it says
 * that it is ready, descriptor 4 the listening socket. It ends with this daemon (see docker-proxy).
 */
import {type Logger, sleep} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {closeFd, exitStatus, kill, openPipeReader, pipe, spawnProcess, waitPid} from '@longshore/linux';
import type {PublishedPort} from '../../core/networks/sandbox-record.ts';

const readyTimeoutMs = 16_000;
/** It knows another command line than ours, most likely. */
const silent = 'it ended without a word';

export interface ProxyOptions {
  executable: string;
  port: PublishedPort;
  /** Bound, and listening unless it is UDP; stays the caller's. Undefined: the proxy binds the port itself. */
  listener: number | undefined;
  log: Logger;
}

/** Resolves when the proxy serves; dispose it to end it. Throws what the proxy says, `unimplemented` when it says nothing. */
export async function startProxy({executable, port, listener, log}: ProxyOptions): Promise<Disposable> {
  const status = pipe();
  let pid: number;
  try {
    const argv = [executable, ...proxyArguments(port), ...(listener === undefined ? [] : ['-use-listen-fd'])];
    const {PATH, TMPDIR} = process.env;
    const passed = listener === undefined ? [] : [listener];
    pid = spawnProcess({path: executable, argv, env: {PATH, TMPDIR}, fds: [-1, -1, 2, status.write, ...passed]});
  } catch (error) {
    closeFd(status.read);
    throw error;
  } finally {
    closeFd(status.write);
  }
  const proxy = watchProxy(pid, port, log);
  try {
    await readStatus(status.read);
    return proxy;
  } catch (error) {
    proxy[Symbol.dispose]();
    throw error;
  }
}

function proxyArguments({protocol, hostAddress, hostPort, containerAddress, containerPort}: PublishedPort): string[] {
  return [
    ...['-proto', protocol],
    ...['-host-ip', hostAddress, '-host-port', String(hostPort)],
    ...['-container-ip', containerAddress, '-container-port', String(containerPort)],
  ];
}

/** `0` and a line end when it is ready, `1`, a line end and a message when it is not. Closes the descriptor. */
async function readStatus(fd: number): Promise<void> {
  const reader = openPipeReader(fd);
  const late = new AbortController();
  const read = async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of reader) {
      chunks.push(chunk);
      if (Buffer.concat(chunks).toString().startsWith('0\n')) return '';
    }
    return Buffer.concat(chunks).toString() || silent;
  };
  const timeout = sleep(readyTimeoutMs, late.signal).then(() => `it was not ready within ${readyTimeoutMs / 1000} s`);
  timeout.catch(() => {}); // aborted when the answer came first
  try {
    const failure = await Promise.race([read(), timeout]);
    if (failure === silent) throw new EngineError('unimplemented', `failed to start userland proxy: ${silent}`);
    if (failure !== '')
      throw new EngineError('internal', `failed to start userland proxy: ${failure.replace(/^1\n/, '').trim()}`);
  } finally {
    late.abort();
    reader.close();
  }
}

const running = new Map<number, {onExit: (status: number) => void}>();

/** Ends it on dispose, and takes its exit status in any case. */
function watchProxy(pid: number, port: PublishedPort, log: Logger): Disposable {
  let isStopping = false;
  running.set(pid, {
    onExit: status => {
      if (!isStopping)
        log.error({port: port.hostPort, protocol: port.protocol, status}, 'the userland proxy of a port ended');
    },
  });
  if (running.size === 1) process.on('SIGCHLD', reap);
  return {
    [Symbol.dispose]() {
      isStopping = true;
      if (running.has(pid)) kill(pid, 'SIGTERM');
    },
  };
}

function reap(): void {
  for (const [pid, {onExit}] of running) {
    const ended = waitPid(pid);
    if (!ended) continue;
    running.delete(pid);
    onExit(exitStatus(ended.status));
  }
  if (running.size === 0) process.off('SIGCHLD', reap);
}
