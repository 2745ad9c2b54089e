/** The debug socket: `/debug/vars` and `/debug/pprof/…` over HTTP, as Go's programs have them. */
import {chmod, chown, rm} from 'node:fs/promises';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {pipeline} from 'node:stream/promises';
import type {Logger} from '@longshore/base';
import {codeOf, EngineError, messageOf} from '@longshore/errdefs';
import {readKernelFile} from '@longshore/linux';
import {activeResources, cpuProfile, heapSnapshot} from './profiles.ts';

export interface DebugListenOptions {
  path: string;
  uid: number;
  gid: number;
  /** State of the daemon, shown among the variables. */
  describe: () => Record<string, unknown>;
  log: Logger;
}

/** Serves it; the socket belongs to `uid` and `gid`, mode 0660. */
export async function listenDebug(options: DebugListenOptions): Promise<AsyncDisposable> {
  const server = createServer((request, response) => void answer(request, response, options));
  const {promise, resolve, reject} = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.path, resolve);
  try {
    await promise;
    await chmod(options.path, 0o660);
    await chown(options.path, options.uid, options.gid);
  } catch (error) {
    server.close();
    throw new EngineError('internal', `failed to get listener for debug endpoint: ${messageOf(error)}`, {cause: error});
  }
  return {
    async [Symbol.asyncDispose]() {
      await close(server);
      await rm(options.path, {force: true}); // the server removes it itself, where it does
    },
  };
}

const profiles: {readonly [name: string]: string} = {
  cmdline: 'command line of the daemon, its words separated by NUL',
  goroutine: 'what the daemon waits for: its active resources and its state',
  heap: 'heap snapshot (.heapsnapshot)',
  profile: 'CPU profile (.cpuprofile) of ?seconds=30',
};

/** Profiles of Go's runtime that there is nothing like here. */
const goProfiles = ['allocs', 'block', 'mutex', 'symbol', 'threadcreate', 'trace'];

async function answer(request: IncomingMessage, response: ServerResponse, options: DebugListenOptions): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://debug');
  try {
    if (url.pathname === '/debug/vars') sendJson(response, variables(options));
    else if (url.pathname === '/debug/pprof/' || url.pathname === '/debug/pprof') sendIndex(response);
    else if (url.pathname.startsWith('/debug/pprof/')) {
      await sendProfile(response, url.pathname.slice('/debug/pprof/'.length), url.searchParams, options);
    } else send(response, 404, '404 page not found\n');
  } catch (error) {
    options.log.debug({path: url.pathname, error}, 'debug request failed');
    if (response.headersSent) response.destroy();
    else send(response, codeOf(error) === 'unimplemented' ? 501 : 500, `${messageOf(error)}\n`);
  }
}

async function sendProfile(
  response: ServerResponse,
  name: string,
  query: URLSearchParams,
  options: DebugListenOptions,
): Promise<void> {
  if (name === 'cmdline') return send(response, 200, commandLine().join('\0'));
  if (name === 'goroutine') {
    const state = JSON.stringify(options.describe(), writable, 2);
    return send(response, 200, `${activeResources()}\n${state}\n`);
  }
  if (name === 'heap') {
    response.writeHead(200, attachment('heap.heapsnapshot', 'application/json'));
    return await pipeline(heapSnapshot(), response);
  }
  if (name === 'profile') {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const profile = await cpuProfile(Number(query.get('seconds') ?? 0), gone.signal);
    response.writeHead(200, attachment('cpu.cpuprofile', 'application/json')).end(profile);
    return;
  }
  if (!goProfiles.includes(name)) return send(response, 404, `Unknown profile\n`);
  throw new EngineError(
    'unimplemented',
    `profile ${name} is of Go's runtime: there is ${Object.keys(profiles).join(', ')}`,
  );
}

/** As Go's expvar: the command line and the numbers of the memory, with the state of the daemon beside. */
function variables({describe}: DebugListenOptions): Record<string, unknown> {
  const {rss, heapTotal, heapUsed, external} = process.memoryUsage();
  const memstats = {
    Sys: rss,
    HeapSys: heapTotal,
    HeapAlloc: heapUsed,
    HeapInuse: heapUsed,
    Alloc: heapUsed,
    OtherSys: external,
  };
  return {cmdline: commandLine(), memstats, uptime: process.uptime(), containerd: describe()};
}

/** As the kernel has it: a compiled executable names itself otherwise. */
function commandLine(): string[] {
  return readKernelFile('/proc/self/cmdline').split('\0').slice(0, -1);
}

function sendIndex(response: ServerResponse): void {
  const rows = Object.entries(profiles).map(
    ([name, text]) => `<tr><td><a href='${name}'>${name}</a></td><td>${text}</td></tr>`,
  );
  const page = `<html>\n<head>\n<title>/debug/pprof/</title>\n</head>\n<body>\n/debug/pprof/<br>\n<table>\n${rows.join('\n')}\n</table>\n</body>\n</html>\n`;
  response.writeHead(200, {'content-type': 'text/html; charset=utf-8'}).end(page);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, {'content-type': 'application/json; charset=utf-8'});
  response.end(`${JSON.stringify(value, writable, 2)}\n`);
}

function send(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, {'content-type': 'text/plain; charset=utf-8'}).end(text);
}

function attachment(name: string, type: string): Record<string, string> {
  return {'content-type': type, 'content-disposition': `attachment; filename="${name}"`};
}

function writable(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

async function close(server: Server): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeAllConnections();
  await promise;
}
