/** An engine of canned answers on a unix socket, and the CLI as a child process against it. */
import {spawn} from 'node:child_process';
import {chmodSync, mkdtempSync, rmSync} from 'node:fs';
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

export interface Exchange {
  /** `POST /containers/create?name=x`, without the version. */
  line: string;
  body: string;
}

/** Body and status for a request; `undefined` is a 404. */
export type Answers = Record<string, string | [status: number, body: string]>;

export interface FakeEngine {
  directory: string;
  exchanges: Exchange[];
  /** Runs `docker` with these arguments. */
  docker(args: string[], options?: {input?: string; env?: Record<string, string>}): Promise<Result>;
}

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `hijack` is what an attached stream sends; keys of `answers` are `METHOD /path`, a `*` stands for one word. */
export async function fakeEngine(
  t: ExecutionContext,
  answers: Answers,
  hijack: Uint8Array = Buffer.alloc(0),
): Promise<FakeEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'longshore-fake-'));
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => void answer(request, response, answers, exchanges));
  server.on('upgrade', (request: IncomingMessage, socket) => {
    exchanges.push({line: lineOf(request), body: ''});
    socket.write(
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    );
    socket.on('error', () => {}).on('data', () => {});
    socket.end(hijack);
  });
  const path = join(directory, 'engine.sock');
  await new Promise<void>(resolve => server.listen(path, resolve));
  chmodSync(path, 0o666);
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, {recursive: true, force: true});
  });
  const docker: FakeEngine['docker'] = (args, {input, env} = {}) =>
    run(args, input, {PATH: process.env.PATH ?? '', HOME: directory, DOCKER_HOST: `unix://${path}`, TZ: 'UTC', ...env});
  return {directory, exchanges, docker};
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  answers: Answers,
  exchanges: Exchange[],
): Promise<void> {
  let body = '';
  for await (const chunk of request) body += chunk;
  const headers = {'Api-Version': '1.51', Ostype: 'linux', 'Content-Type': 'application/json'};
  const line = lineOf(request);
  if (line.endsWith('/_ping')) {
    response.writeHead(200, headers).end();
    return;
  }
  exchanges.push({line, body});
  const key = Object.keys(answers).find(pattern => matches(pattern, line.split('?')[0] ?? ''));
  const found = key === undefined ? ([404, '{"message":"page not found"}'] as const) : answers[key]!;
  const [status, text] = typeof found === 'string' ? [200, found] : found;
  response.writeHead(status, headers).end(text);
}

function lineOf({method, url = ''}: IncomingMessage): string {
  return `${method} ${url.replace(/^\/v[0-9.]+/, '')}`;
}

function matches(pattern: string, line: string): boolean {
  const words = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${words.join('[^/]+')}$`).test(line);
}

function run(args: string[], input: string | undefined, env: Record<string, string>): Promise<Result> {
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, [main, ...args], {env, stdio: ['pipe', 'pipe', 'pipe']});
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
  });
  child.stdin.on('error', () => {}).end(input ?? '');
  return new Promise(resolve => child.on('close', code => resolve({code, stdout, stderr})));
}

/** A frame of a multiplexed stream. */
export function frame(stream: 1 | 2, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}
