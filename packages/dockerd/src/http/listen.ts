/** Opens the daemon's sockets: unix, TCP with or without TLS, and those that systemd hands over. */
import {chown, lstat, rm} from 'node:fs/promises';
import net from 'node:net';
import {type Logger, sleep} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {closeFd, listenUnix, setBacklog, setCloexec} from '@longshore/linux';
import {splitTcpHost} from '../config/hosts.ts';
import type {TlsSettings} from '../config/tls-settings.ts';
import {lookupGroupId} from '../drivers/host/groups.ts';
import {warnOfInsecureTcp} from './insecure-tcp.ts';
import {listenAddress} from './listen-address.ts';
import {listenErrorText} from './listen-error.ts';
import {Listeners} from './listeners.ts';
import {loadTlsMaterial, TlsAcceptor} from './tls-acceptor.ts';

export interface ListenerOptions {
  /** As parseHost gives them: `unix:///path`, `tcp://127.0.0.1:2375`, `fd://`, `fd://4` or `fd://NAME`. */
  hosts: readonly string[];
  /** Owner group of unix sockets. */
  group: string;
  /** True when the administrator named the group: a missing one is an error then. */
  groupIsGiven: boolean;
  /** Sockets that systemd passed, from fd 3 on. */
  activated: ActivatedSockets;
  /** Of TCP sockets; undefined without TLS. */
  tls: TlsSettings | undefined;
  /** TCP without authentication was asked for in so many words: no delay. */
  insecureTcpIsIntended: boolean;
  log: Logger;
  /** How the warnings about insecure TCP wait; for tests. */
  pause?: (milliseconds: number) => Promise<void>;
}

export interface ActivatedSockets {
  count: number;
  /** LISTEN_FDNAMES: one for each, or none at all. */
  names: readonly string[];
}

/** First descriptor of systemd's socket activation. */
const firstActivatedFd = 3;
/** docker.sock of the original. */
const socketMode = 0o660;
/** The kernel's usual limit: a crowd that comes at once waits instead of being refused. */
const backlog = 4096;
const probeTimeoutMs = 200;

/** Binds every host. On failure the ones bound before are closed again. */
export async function openListeners(options: ListenerOptions): Promise<Listeners> {
  const listeners = new Listeners();
  try {
    const onSecure = (socket: net.Socket) => void listeners.accept(socket);
    const tls = options.tls && new TlsAcceptor(await loadTlsMaterial(options.tls), onSecure, options.log);
    for (const host of options.hosts) await addHost(listeners, host, tls, options);
    return listeners;
  } catch (error) {
    await listeners[Symbol.asyncDispose]();
    throw error;
  }
}

async function addHost(
  listeners: Listeners,
  host: string,
  tls: TlsAcceptor | undefined,
  options: ListenerOptions,
): Promise<void> {
  const [scheme = '', rest = ''] = host.split('://', 2);
  try {
    if (scheme === 'unix') await addUnix(listeners, rest, options);
    else if (scheme === 'tcp') await addTcp(listeners, host, tls, options);
    else await addActivated(listeners, rest, tls, options.activated);
  } catch (error) {
    throw new EngineError('unavailable', `failed to load listeners: ${messageOf(error)}`, {cause: error});
  }
}

async function addUnix(listeners: Listeners, path: string, options: ListenerOptions): Promise<void> {
  const gid = await groupOf(options);
  let fd: number;
  try {
    await clearPath(path);
    fd = listenUnix(path, {mode: socketMode, backlog});
  } catch (error) {
    throw new EngineError('unavailable', `can't create unix socket ${path}: ${messageOf(error)}`, {cause: error});
  }
  try {
    if (gid !== undefined) await chown(path, 0, gid);
    await listeners.add({target: {fd, backlog}, address: `unix://${path}`, path});
    setBacklog(fd, backlog);
  } catch (error) {
    closeFd(fd);
    throw error;
  }
}

/** Removes the socket of a daemon that is dead; one that answers belongs to somebody. */
async function clearPath(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found) return;
  if (found.isDirectory()) throw new EngineError('failed-precondition', 'is a directory');
  if (found.isSocket() && (await answers(path))) {
    throw new EngineError('failed-precondition', 'address already in use: another process listens on it');
  }
  await rm(path, {force: true});
}

async function answers(path: string): Promise<boolean> {
  const socket = net.connect({path});
  const {promise, resolve} = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), probeTimeoutMs);
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function groupOf({group, groupIsGiven, log}: ListenerOptions): Promise<number | undefined> {
  if (group === '') return undefined;
  const gid = await lookupGroupId(group);
  if (gid !== undefined) return gid;
  if (groupIsGiven) throw new EngineError('invalid-argument', `group ${group} not found`);
  log.debug({group}, 'the group of the socket does not exist: only root may connect');
  return undefined;
}

async function addTcp(
  listeners: Listeners,
  host: string,
  tls: TlsAcceptor | undefined,
  options: ListenerOptions,
): Promise<void> {
  const {name, port} = splitTcpHost(host);
  const address = await listenAddress(name);
  if (!options.tls?.verify) {
    const {log, insecureTcpIsIntended: intended, pause = sleep} = options;
    await warnOfInsecureTcp({host, name, address, intended, log, pause});
  }
  try {
    await listeners.add({target: {host: address, port, backlog}, address: host, tls});
  } catch (error) {
    throw new EngineError('unavailable', `listen tcp ${host.slice('tcp://'.length)}: bind: ${listenErrorText(error)}`, {
      cause: error,
    });
  }
}

/** All of them, or the one that the rest of `fd://` names by number or by systemd's name. */
async function addActivated(
  listeners: Listeners,
  which: string,
  tls: TlsAcceptor | undefined,
  {count, names}: ActivatedSockets,
): Promise<void> {
  if (count === 0) {
    throw new EngineError(
      'invalid-argument',
      'no sockets found via socket activation: make sure the service was started by systemd',
    );
  }
  const all = Array.from({length: count}, (_, i) => firstActivatedFd + i);
  for (const fd of all) setCloexec(fd);
  const chosen = which === '' || which === '*' ? all : chooseActivated(which, all, names);
  for (const fd of all.filter(each => !chosen.includes(each))) closeFd(fd);
  for (const fd of chosen) {
    try {
      await listeners.add({target: {fd, backlog}, address: `fd://${fd}`, tls});
      setBacklog(fd, backlog);
    } catch (error) {
      throw new EngineError('unavailable', `failed to listen on systemd activated file: fd ${fd}`, {cause: error});
    }
  }
}

function chooseActivated(which: string, all: readonly number[], names: readonly string[]): number[] {
  const named = all.filter((_, i) => names[i] === which);
  if (named.length > 0) return named;
  if (!/^\d+$/.test(which)) {
    throw new EngineError('invalid-argument', `failed to parse systemd fd address: should be a number: ${which}`);
  }
  const fd = Number(which);
  if (fd < firstActivatedFd) throw new EngineError('invalid-argument', `not a systemd activated file: fd ${fd}`);
  if (!all.includes(fd)) {
    throw new EngineError('invalid-argument', 'too few socket activated files passed in by systemd');
  }
  return [fd];
}
