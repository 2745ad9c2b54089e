/** The middleware around a handler: what plugins see, and what they can stop. */
import {callContext, discardLogger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import test from 'ava';
import type {AuthorizationPlugin, AuthorizationRequest, AuthorizationResponse} from '../core/ports/authorization.ts';
import {authorized} from './authorization.ts';
import type {ApiReply} from './route.ts';
import type {Exchange} from './wire/connection.ts';
import {RequestBody} from './wire/request-body.ts';
import type {RequestHead} from './wire/request-head.ts';
import type {SocketReader} from './wire/socket-reader.ts';

type Seen = {request?: AuthorizationRequest; response?: AuthorizationResponse; order: string[]};

function plugin(name: string, seen: Seen, refuse?: 'request' | 'response'): AuthorizationPlugin {
  const deny = () => {
    throw new EngineError('permission-denied', `denied by ${name}`);
  };
  return {
    name,
    async request(_ctx, request) {
      seen.order.push(`${name} request`);
      seen.request = request;
      if (refuse === 'request') deny();
    },
    async response(_ctx, _request, response) {
      seen.order.push(`${name} response`);
      seen.response = response;
      if (refuse === 'response') deny();
    },
  };
}

async function run(options: {target?: string; body?: string; type?: string; refuse?: 'request' | 'response'}) {
  const {target = '/v1.51/containers/create', body = '{"a":1}', type = 'application/json', refuse} = options;
  const headers = new Map([
    ['content-length', String(body.length)],
    ['content-type', type],
    ['x-registry-auth', 'secret'],
  ]);
  const head: RequestHead = {method: 'POST', target, minorVersion: 1, headers};
  const chunks = [Buffer.from(body)];
  const reader = {read: async () => chunks.shift(), unread() {}} as unknown as SocketReader;
  const sent: unknown[] = [];
  const reply = {json: (status: number, value: unknown) => sent.push([status, value]), isStarted: false};
  const exchange = {head, body: new RequestBody(head, reader), response: {headers: {A: 'b'}}, peer: () => undefined};
  const seen: Seen = {order: []};
  let read = '';
  const plugins = [plugin('first', seen), plugin('second', seen, refuse)];
  const work = async (held: ApiReply) => {
    for await (const piece of exchange.body) read += piece;
    held.json(201, {Id: 'x'});
  };
  const done = authorized(
    callContext({log: discardLogger()}),
    exchange as unknown as Exchange,
    reply as unknown as ApiReply,
    plugins,
    work,
  );
  const error = await done.then(
    () => undefined,
    (failure: Error) => failure.message,
  );
  return {error, sent, seen, read};
}

test('a JSON body is shown and still read, credentials are not; the answer waits for everybody', async t => {
  const {error, sent, seen, read} = await run({});
  t.is(error, undefined);
  t.is(read, '{"a":1}');
  t.is(seen.request?.requestBody?.toString(), '{"a":1}');
  t.deepEqual(Object.keys(seen.request?.requestHeaders ?? {}), ['Content-Length', 'Content-Type']);
  t.like(seen.response, {status: 201, headers: {A: 'b', 'Content-Type': 'application/json'}});
  t.is(seen.response?.body?.toString(), '{"Id":"x"}');
  t.deepEqual(seen.order, ['first request', 'second request', 'second response', 'first response']);
  t.deepEqual(sent, [[201, {Id: 'x'}]]);
});

test('nothing is done after a refused request, nothing sent after a refused answer', async t => {
  const before = await run({refuse: 'request'});
  t.deepEqual([before.error, before.read, before.sent], ['denied by second', '', []]);
  const after = await run({refuse: 'response'});
  t.deepEqual([after.error, after.read, after.sent], ['denied by second', '{"a":1}', []]);
});

test('a login and a tar are not shown, a JSON document that is too large is refused', async t => {
  t.is((await run({target: '/v1.51/auth'})).seen.request?.requestBody, undefined);
  t.is((await run({type: 'application/x-tar'})).seen.request?.requestBody, undefined);
  const large = await run({body: 'x'.repeat(1024 * 1024 + 1)});
  t.regex(large.error ?? '', /the body is too large for authorization plugins/);
  t.is(large.read, '');
});
