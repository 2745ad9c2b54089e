/** Ports of the host: bound here, and handed to a proxy process where there is to be one. */
import type {Logger} from '@longshore/base';
import {EngineError, isErrorCode} from '@longshore/errdefs';
import {bindInet, closeFd, type InetProtocol, readKernelFileIfExists} from '@longshore/linux';
import type {HostPortHolder, HostPortSockets} from '../../core/networks/ports.ts';
import type {PublishedPort} from '../../core/networks/sandbox-record.ts';
import {startProxy} from './userland-proxy.ts';

/** Where the kernel does not say. */
const fallbackRange = {first: 49_153, last: 65_535};

export interface HostPortSocketsOptions {
  /** Finds docker-proxy; called when the first port is published. Throws `not-found`. */
  findProxy: () => Promise<string>;
  log: Logger;
}

export function hostPortSockets(options: HostPortSocketsOptions): HostPortSockets {
  return {
    ephemeralPorts,
    hasIpv6: () => readKernelFileIfExists('/proc/sys/net/ipv6/conf/all/disable_ipv6')?.trim() === '0',
    hold: (port, {proxy}) => holdPort(port, proxy, options),
  };
}

function ephemeralPorts(): {first: number; last: number} {
  const text = readKernelFileIfExists('/proc/sys/net/ipv4/ip_local_port_range') ?? '';
  const [first = 0, last = 0] = text.trim().split(/\s+/).map(Number);
  return first > 0 && last >= first ? {first, last} : fallbackRange;
}

function holdPort(port: PublishedPort, proxy: boolean, {findProxy, log}: HostPortSocketsOptions): HostPortHolder {
  let fd = bindPort(port);
  let running: Disposable | undefined;
  let isClosed = false;
  const close = () => {
    if (fd >= 0) closeFd(fd);
    fd = -1;
  };
  return {
    async serve() {
      if (!proxy) return; // the bound socket keeps others away, the packet filter does the rest
      const executable = await findProxy();
      if (isClosed) throw new EngineError('canceled', 'the port was given back');
      running = await startAnyProxy(executable, port, fd, close, log);
      if (isClosed) running[Symbol.dispose]();
    },
    [Symbol.dispose]() {
      isClosed = true;
      close();
      running?.[Symbol.dispose]();
    },
  };
}

/** Proxies of Docker before 28 take no socket from us: they bind the port themselves, once ours is closed. */
async function startAnyProxy(
  executable: string,
  port: PublishedPort,
  listener: number,
  close: () => void,
  log: Logger,
): Promise<Disposable> {
  try {
    return await startProxy({executable, port, listener, log});
  } catch (error) {
    if (!isErrorCode(error, 'unimplemented')) throw error;
    close();
    return await startProxy({executable, port, listener: undefined, log});
  } finally {
    close(); // the proxy has its own
  }
}

function bindPort({protocol, hostAddress, hostPort}: PublishedPort): number {
  try {
    return bindInet(protocol as InetProtocol, hostAddress, hostPort);
  } catch (error) {
    if (!isErrorCode(error, 'already-exists')) throw error;
    const message = `failed to bind host port ${hostAddress}:${hostPort}/${protocol}: address already in use`;
    throw new EngineError('already-exists', message, {cause: error});
  }
}
