/** The middleware that asks authorization plugins before a request is carried out, and before its answer is sent. */
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import type {AuthorizationPlugin, AuthorizationRequest} from '../core/ports/authorization.ts';
import {HeldReply} from './held-reply.ts';
import type {ApiReply} from './route.ts';
import type {Exchange} from './wire/connection.ts';

/** A larger JSON document could not be shown to the plugins: it is refused instead of passing unseen. */
const bodyLimit = 1024 * 1024;
const secretHeaders = ['authorization', 'x-registry-config', 'x-registry-auth'];

/** Runs `work` if every plugin allows it. Throws what a plugin refuses with, or what the work throws. */
export async function authorized(
  ctx: CallContext,
  exchange: Exchange,
  reply: ApiReply,
  plugins: readonly AuthorizationPlugin[],
  work: (reply: ApiReply) => Promise<void>,
): Promise<void> {
  const request = await describe(exchange);
  for (const plugin of plugins) await plugin.request(ctx, request);
  const held = new HeldReply(reply, exchange.response);
  let failure: {error: unknown} | undefined;
  try {
    await work(held);
  } catch (error) {
    failure = {error};
  }
  try {
    // In reverse: the plugin that came first has the last word.
    for (const plugin of plugins.toReversed()) await plugin.response(ctx, request, held.seen);
  } catch (error) {
    if (!failure) throw error;
  }
  if (failure) throw failure.error;
  held.release();
}

async function describe({head, body, peer}: Exchange): Promise<AuthorizationRequest> {
  const identity = peer();
  return {
    user: identity?.commonName ?? '',
    method: identity ? 'TLS' : '',
    requestMethod: head.method,
    requestUri: head.target,
    requestBody: showsBody(head) ? await body.peek(bodyLimit, tooLarge) : undefined,
    requestHeaders: visibleHeaders(head.headers),
    peerCertificates: identity?.certificates ?? [],
  };
}

/** JSON only, and not the credentials of a login. */
function showsBody({target, headers}: Exchange['head']): boolean {
  if (/^\/(?:v[0-9.]+\/)?auth(?:\?|$)/.test(target)) return false;
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  return type === 'application/json';
}

function tooLarge(): EngineError {
  return new EngineError(
    'permission-denied',
    `the body is too large for authorization plugins: more than ${bodyLimit} bytes`,
  );
}

function visibleHeaders(headers: ReadonlyMap<string, string>): Record<string, string> {
  const shown = [...headers].filter(([name]) => !secretHeaders.includes(name));
  return Object.fromEntries(shown.map(([name, value]) => [canonical(name), value]));
}

/** `content-type` → `Content-Type`. */
function canonical(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, letters => letters.toUpperCase());
}
