/** Calls methods of a plugin: JSON over HTTP, on a unix socket or TCP, after a handshake that tells what it is for. */
import {readFile} from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type {CallContext} from '@longshore/base';
import {EngineError, messageOf} from '@longshore/errdefs';
import {locatePlugin, type PluginAddress, type PluginDirectories} from './locate.ts';

const mediaType = 'application/vnd.docker.plugins.v1.2+json';
const timeoutMs = 30_000;
/** More than this in an answer is no answer of a plugin. */
const maximumAnswer = 1024 * 1024;

export class PluginClient {
  readonly name: string;
  readonly #directories: PluginDirectories;
  #ready: Promise<PluginAddress> | undefined;

  constructor(name: string, directories: PluginDirectories) {
    this.name = name;
    this.#directories = directories;
  }

  /** Finds the plugin and asks what it is for. Throws `not-found`, `unavailable`, `failed-precondition`. */
  async activate(ctx: CallContext, kind: string): Promise<void> {
    this.#ready = this.#activate(ctx, kind);
    await this.#ready;
  }

  /** Calls `method`, for a plugin that implements `kind`. Throws `not-found`, `unavailable`, `unknown`. */
  async call(ctx: CallContext, kind: string, method: string, argument: unknown): Promise<Record<string, unknown>> {
    // A plugin may come later than the daemon, and go: what failed is tried anew at the next call.
    this.#ready ??= this.#activate(ctx, kind);
    try {
      return await post(ctx, await this.#ready, method, argument);
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  async #activate(ctx: CallContext, kind: string): Promise<PluginAddress> {
    const address = await locatePlugin(this.name, this.#directories);
    const {Implements: kinds} = await post(ctx, address, 'Plugin.Activate', undefined);
    if (Array.isArray(kinds) && kinds.includes(kind)) return address;
    throw new EngineError(
      'failed-precondition',
      `plugin ${JSON.stringify(this.name)} does not implement the requested interface: ${kind}`,
    );
  }
}

async function post(
  {signal}: CallContext,
  address: PluginAddress,
  method: string,
  argument: unknown,
): Promise<Record<string, unknown>> {
  const body = argument === undefined ? '' : JSON.stringify(argument);
  const options = {
    method: 'POST',
    headers: {Accept: mediaType, 'Content-Type': mediaType, 'Content-Length': Buffer.byteLength(body)},
    timeout: timeoutMs,
    signal,
    agent: false as const,
    ...(address.socketPath ? {socketPath: address.socketPath} : {}),
    ...(address.tls ? await loadTls(address.tls) : {}),
  };
  const send = address.url.startsWith('https:') ? https.request : http.request;
  const {promise, resolve, reject} = Promise.withResolvers<http.IncomingMessage>();
  const request = send(new URL(`/${method}`, address.url), options, resolve);
  request.on('error', reject);
  request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
  request.end(body);
  try {
    const response = await promise;
    return parseAnswer(method, response.statusCode ?? 0, await readAll(response));
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('unavailable', `${method}: ${messageOf(error)}`, {cause: error});
  }
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maximumAnswer) throw new Error('the answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parseAnswer(method: string, status: number, text: string): Record<string, unknown> {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new EngineError(
      'unknown',
      `${method}: ${status === 200 ? 'the answer is no JSON' : text || `status ${status}`}`,
    );
  }
  const fields = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
  if (status !== 200) throw new EngineError('unknown', `${method}: ${fields.Err ?? text}`);
  return fields;
}

async function loadTls({insecure, ca, cert, key}: NonNullable<PluginAddress['tls']>) {
  return {
    rejectUnauthorized: !insecure,
    ...(ca ? {ca: await readFile(ca)} : {}),
    ...(cert ? {cert: await readFile(cert)} : {}),
    ...(key ? {key: await readFile(key)} : {}),
  };
}
