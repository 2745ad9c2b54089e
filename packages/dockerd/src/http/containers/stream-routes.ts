/** Containers: attach, logs and wait, whose answers last. */

import {setTimeout as delay} from 'node:timers/promises';
import {aborted} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {attachClient, checkAttachable} from '../../core/containers/attach.ts';
import type {Container} from '../../core/containers/container.ts';
import {DetachKeys} from '../../core/containers/detach-keys.ts';
import {logLocationOf} from '../../core/containers/log-request.ts';
import {parseWaitCondition, waitForContainer} from '../../core/containers/wait.ts';
import type {World} from '../../core/containers/world.ts';
import type {LogEntry, StreamName} from '../../core/logs/log-entry.ts';
import type {LogQuery} from '../../core/ports/log-driver.ts';
import {formatNanoFixed} from '../../core/time.ts';
import {statusOf} from '../errors.ts';
import {hijackStreams} from '../hijack.ts';
import {frame, multiplexedStreamType, rawStreamType} from '../raw-stream.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';
import {parseTimestamp} from '../timestamp.ts';
import {replayLog} from './replay-log.ts';

export function containerStreamRoutes(world: World): Route[] {
  const route = (method: Route['method'], suffix: string, job: string, handle: Handler): Route => ({
    method,
    path: `/containers/{name}/${suffix}`,
    job,
    waits: true,
    handle: (request, reply) => handle(world, request, reply),
  });
  return [
    route('POST', 'attach', 'attach', attach),
    route('GET', 'logs', 'logs', logs),
    route('POST', 'wait', 'wait', wait),
  ];
}

type Handler = (world: World, request: ApiRequest, reply: ApiReply) => Promise<void>;

/** Docker sends the errors of an attach as text under the type of the stream. */
async function attach(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  try {
    await attachTo(world, request, reply, world.registry.find(request.param('name')));
  } catch (error) {
    if (reply.isStarted) throw error;
    reply.closing(statusOf(error), rawStreamType, `${messageOf(error)}\r\n`);
  }
}

async function attachTo(world: World, request: ApiRequest, reply: ApiReply, container: Container): Promise<void> {
  const {query, ctx} = request;
  const {Tty: tty} = container.record.config;
  const keys = new DetachKeys(query.text('detachKeys'));
  checkAttachable(container);
  const client = hijackStreams(request, reply, tty);
  const streams = new Set<StreamName>();
  if (query.bool('stdout')) streams.add('stdout');
  if (query.bool('stderr')) streams.add('stderr');
  try {
    if (query.bool('logs')) await replayLog(world, container, streams, client);
    if (query.bool('stream')) {
      await attachClient(world, ctx, container, client, {
        stdin: query.bool('stdin'),
        stdout: streams.has('stdout'),
        stderr: streams.has('stderr'),
        detachKeys: keys,
      });
    }
  } finally {
    await client.connection.close();
  }
}

async function logs(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const {query, gone, ctx, version} = request;
  const streams = new Set<StreamName>();
  if (query.bool('stdout')) streams.add('stdout');
  if (query.bool('stderr')) streams.add('stderr');
  if (streams.size === 0) {
    throw new EngineError('invalid-argument', 'Bad parameters: you must choose at least one stream');
  }
  const container = world.registry.find(request.param('name'));
  const stop = new AbortController();
  const logQuery: LogQuery = {
    streams,
    since: parseTimestamp(query.text('since')),
    until: parseTimestamp(query.text('until')) || undefined,
    tail: parseTail(query.text('tail')),
    follow: query.bool('follow'),
    signal: AbortSignal.any([gone, ctx.signal, stop.signal]),
  };
  if (logQuery.follow && logQuery.until !== undefined) stopAt(logQuery.until, stop);
  const reader = world.stdio.openLog(logLocationOf(world, container));
  const {Tty: tty} = container.record.config;
  const isFramed = !tty;
  const out = reply.stream(200, isFramed && version.atLeast('1.42') ? multiplexedStreamType : rawStreamType);
  const format = lineFormat(query.bool('timestamps'), query.bool('details'));
  try {
    for await (const entries of reader.read(logQuery)) {
      const pieces = entries.map(entry => (isFramed ? frame(entry.stream, format(entry)) : format(entry)));
      await out.write(Buffer.concat(pieces));
    }
  } finally {
    stop.abort();
  }
}

/** `all`, a number, or anything else, which Docker takes for `all`. */
function parseTail(text: string): number | undefined {
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

function stopAt(until: bigint, stop: AbortController): void {
  const milliseconds = Number(until / 1_000_000n) - Date.now();
  if (milliseconds >= 2 ** 31) return;
  delay(Math.max(0, milliseconds), undefined, {signal: stop.signal, ref: false}).then(
    () => stop.abort(),
    () => {}, // the reading ended first
  );
}

/** The record's text with what was asked for in front. */
function lineFormat(timestamps: boolean, details: boolean): (entry: LogEntry) => Buffer {
  if (!timestamps && !details) return ({line}) => line;
  return ({line, timeNano, attributes}) => {
    const time = timestamps ? `${formatNanoFixed(timeNano)} ` : '';
    const extra = details ? `${formatDetails(attributes)} ` : '';
    return Buffer.concat([Buffer.from(time + extra), line]);
  };
}

function formatDetails(attributes: Record<string, string> = {}): string {
  const quote = (text: string) =>
    encodeURIComponent(text)
      .replace(/%20/g, '+')
      .replace(/[!'()*]/g, percentEncode);
  return Object.keys(attributes)
    .sort()
    .map(key => `${quote(key)}=${quote(attributes[key] as string)}`)
    .join(',');
}

function percentEncode(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** The head goes out at once: clients wait for it before they start the container. */
async function wait(world: World, request: ApiRequest, reply: ApiReply): Promise<void> {
  const condition = parseWaitCondition(request.version.atLeast('1.30') ? request.query.text('condition') : '');
  const container = world.registry.find(request.param('name'));
  const result = waitForContainer(container, condition);
  const out = reply.stream(200, 'application/json');
  const left = Promise.race([aborted(request.gone), aborted(request.ctx.signal)]);
  const ended = await Promise.race([result, left]);
  if (!ended) return;
  const {exitCode, error} = ended;
  await out.write(`${JSON.stringify({StatusCode: exitCode, ...(error ? {Error: {Message: error}} : {})})}\n`);
}
