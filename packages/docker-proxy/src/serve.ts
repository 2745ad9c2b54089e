/** Runs one proxy until a signal ends it, and tells the daemon on descriptor 3 how the start went. */
import {messageOf} from '@longshore/errdefs';
import {closeFd, isErrno, setParentDeathSignal, signalNumber, writeFd} from '@longshore/linux';
import type {ProxyOptions} from './options.ts';
import {type RunningProxy, startTcpProxy} from './tcp-proxy.ts';
import {startUdpProxy} from './udp-proxy.ts';

const statusFd = 3;
const listenerFd = 4;

/** Resolves with the exit status. */
export async function serve(options: ProxyOptions): Promise<number> {
  // A daemon that is killed starts new proxies when it comes back; this one would keep the port from them.
  setParentDeathSignal(signalNumber('SIGTERM'));
  let proxy: RunningProxy;
  try {
    proxy = await start(options);
  } catch (error) {
    report(`1\n${messageOf(error)}\n`);
    return 1;
  }
  if (!report('0\n')) return 1;
  await new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  proxy.close();
  return 0;
}

async function start(options: ProxyOptions): Promise<RunningProxy> {
  const listener = options.useListener ? listenerFd : undefined;
  return options.protocol === 'tcp' ? await startTcpProxy(options, listener) : await startUdpProxy(options, listener);
}

/** False when the daemon has died already, which no signal will tell any more. Who starts the proxy by hand has no pipe. */
function report(text: string): boolean {
  try {
    writeFd(statusFd, Buffer.from(text));
    closeFd(statusFd);
    return true;
  } catch (error) {
    if (isErrno(error, 'EPIPE')) return false;
    process.stderr.write(text.startsWith('0') ? '' : text);
    return true;
  }
}
