/** Calls of every kind between this client and this server, over a real socket. */
import {setTimeout as delay} from 'node:timers/promises';
import {callContext, deferred} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';
import test from 'ava';
import {connectClient, EchoDefinition, echoHandlers, startServer} from './echo-service.test-helper.ts';

const ctx = callContext();

async function collect(messages: AsyncIterable<{typeUrl: string}>): Promise<string[]> {
  const texts: string[] = [];
  for await (const {typeUrl} of messages) texts.push(typeUrl);
  return texts;
}

test('unary calls are concurrent and answered out of order', async t => {
  const gates = new Map([['slow', deferred()]]);
  const {path} = await startServer(t, {
    async echo(_ctx, request) {
      await gates.get(request.typeUrl)?.promise;
      return request;
    },
  });
  const {echo} = await connectClient(t, path);
  const slow = echo.echo(ctx, {typeUrl: 'slow'});
  t.is((await echo.echo(ctx, {typeUrl: 'fast'})).typeUrl, 'fast');
  gates.get('slow')?.resolve();
  t.is((await slow).typeUrl, 'slow');
});

test('namespace, traceparent and own metadata reach the handler', async t => {
  const {path} = await startServer(t, {
    async echo(call) {
      return {typeUrl: [call.namespace, call.traceparent, call.metadata.get('colour')?.join()].join(' ')};
    },
  });
  const {echo} = await connectClient(t, path);
  const caller = callContext({namespace: 'moby', traceparent: '00-a-b-01'});
  t.is((await echo.echo(caller, {}, {metadata: {Colour: 'red'}})).typeUrl, 'moby 00-a-b-01 red');
});

test('server, client and bidirectional streams', async t => {
  const {path} = await startServer(t);
  const {echo} = await connectClient(t, path);
  t.deepEqual(await collect(echo.count(ctx, {typeUrl: '3'})), ['0', '1', '2']);
  t.deepEqual(await collect(echo.count(ctx, {typeUrl: '0'})), []);
  const words = [{typeUrl: 'a'}, {}, {typeUrl: 'b'}];
  t.is((await echo.collect(ctx, words)).typeUrl, 'ab');
  t.deepEqual(await collect(echo.chat(ctx, words)), ['you said a', 'you said ', 'you said b']);
});

test('a bidirectional stream alternates', async t => {
  const {path} = await startServer(t);
  const {echo} = await connectClient(t, path);
  const questions = [deferred<string>(), deferred<string>()];
  async function* ask() {
    for (const question of questions) yield {typeUrl: await question.promise};
  }
  const answers = echo.chat(ctx, ask())[Symbol.asyncIterator]();
  questions[0]?.resolve('one');
  t.is((await answers.next()).value?.typeUrl, 'you said one');
  questions[1]?.resolve('two');
  t.is((await answers.next()).value?.typeUrl, 'you said two');
  t.true((await answers.next()).done);
});

test('10,000 streamed messages arrive in order through the 64-message buffer', async t => {
  const {path} = await startServer(t);
  const {echo} = await connectClient(t, path);
  const texts = await collect(echo.count(ctx, {typeUrl: '10000'}));
  t.is(texts.length, 10_000);
  t.true(texts.every((text, i) => text === String(i)));
});

test('unknown methods and services are unimplemented', async t => {
  const {path} = await startServer(t);
  const {client, echo} = await connectClient(t, path);
  const noMethod = await t.throwsAsync(echo.absent(ctx, {}), {message: 'method Absent'});
  t.is(codeOf(noMethod), 'unimplemented');
  const other = client.service({name: 'X', fullName: 'no.such.X', methods: {absent: definitionOfAbsent}} as const);
  const noService = await t.throwsAsync(other.absent(ctx, {}), {message: 'service no.such.X'});
  t.is(codeOf(noService), 'unimplemented');
});

const definitionOfAbsent = EchoDefinition.methods.absent;

test('errors keep their code and message; plain errno errors get a class', async t => {
  const failures: Record<string, Error> = {
    'not-found': new EngineError('not-found', 'container not created: not found'),
    conflict: new EngineError('conflict', 'busy: conflict'),
    'already-exists': Object.assign(new Error('EEXIST: file exists'), {code: 'EEXIST'}),
    unknown: new Error('boom'),
  };
  const {path} = await startServer(t, {
    async echo(_ctx, request) {
      throw failures[request.typeUrl];
    },
  });
  const {echo} = await connectClient(t, path);
  for (const [code, failure] of Object.entries(failures)) {
    const error = await t.throwsAsync(echo.echo(ctx, {typeUrl: code}), {message: failure.message});
    t.is<string, string>(codeOf(error), code);
  }
});

test('an error ends a stream after the messages before it', async t => {
  const {path} = await startServer(t, {
    async *count() {
      yield {typeUrl: 'first'};
      throw new EngineError('data-loss', 'gone');
    },
  });
  const {echo} = await connectClient(t, path);
  const seen: string[] = [];
  const error = await t.throwsAsync(async () => {
    for await (const {typeUrl} of echo.count(ctx, {})) seen.push(typeUrl);
  });
  t.is(codeOf(error), 'data-loss');
});

test('a deadline ends the call here and aborts the handler there', async t => {
  const aborted = deferred<unknown>();
  const {path} = await startServer(t, {
    async echo(call) {
      call.signal.addEventListener('abort', () => aborted.resolve(call.signal.reason));
      await aborted.promise;
      return {};
    },
  });
  const {echo} = await connectClient(t, path);
  const error = await t.throwsAsync(echo.echo(ctx, {}, {timeoutMs: 30}), {message: 'context deadline exceeded'});
  t.is(codeOf(error), 'deadline-exceeded');
  t.is(codeOf(await aborted.promise), 'deadline-exceeded');
});

test('a cancelled call rejects with the reason and its late answer is ignored', async t => {
  const gate = deferred();
  const {path} = await startServer(t, {
    async echo(_ctx, request) {
      if (request.typeUrl === 'wait') await gate.promise;
      return request;
    },
  });
  const {echo} = await connectClient(t, path);
  const abort = new AbortController();
  const call = echo.echo(callContext({signal: abort.signal}), {typeUrl: 'wait'});
  abort.abort(new EngineError('canceled', 'never mind'));
  await t.throwsAsync(call, {message: 'never mind'});
  gate.resolve();
  t.is((await echo.echo(ctx, {typeUrl: 'next'})).typeUrl, 'next');
});

test('when the connection goes, pending calls fail with "ttrpc: closed" and the handler is told', async t => {
  const started = deferred();
  const cancelled = deferred();
  let closes = 0;
  const {path, server} = await startServer(t, {
    async echo(call) {
      call.signal.addEventListener('abort', () => cancelled.resolve());
      started.resolve();
      return new Promise(() => {});
    },
  });
  const {client, echo} = await connectClient(t, path, () => closes++);
  const pending = t.throwsAsync(echo.echo(ctx, {}), {message: 'ttrpc: closed'});
  await started.promise;
  server.close();
  await pending;
  await cancelled.promise;
  t.is(closes, 1);
  t.true(client.closed);
  t.is(codeOf(await t.throwsAsync(echo.echo(ctx, {}), {message: 'ttrpc: closed'})), 'unavailable');
});

test('closing the client fails its calls at once', async t => {
  const {path} = await startServer(t, {echo: () => new Promise(() => {})});
  let closes = 0;
  const {client, echo} = await connectClient(t, path, () => closes++);
  const pending = t.throwsAsync(echo.echo(ctx, {}), {message: 'ttrpc: closed'});
  client.close();
  await pending;
  t.is(closes, 1);
});

test('shutdown answers active calls, closes idle connections, refuses new ones', async t => {
  const gate = deferred();
  const started = deferred();
  const {path, server} = await startServer(t, {
    async echo(_ctx, request) {
      started.resolve();
      await gate.promise;
      return request;
    },
  });
  const idleClosed = deferred();
  await connectClient(t, path, () => idleClosed.resolve());
  const {echo} = await connectClient(t, path);
  const active = echo.echo(ctx, {typeUrl: 'x'});
  await started.promise;
  const done = server.shutdown();
  await idleClosed.promise;
  await t.throwsAsync(echo.echo(ctx, {}), {message: 'ttrpc: server closed'});
  gate.resolve();
  t.is((await active).typeUrl, 'x');
  await done;
});

test('an aborted shutdown drops what is still running', async t => {
  const started = deferred();
  const {path, server} = await startServer(t, {
    echo() {
      started.resolve();
      return new Promise(() => {});
    },
  });
  const {echo} = await connectClient(t, path);
  const pending = t.throwsAsync(echo.echo(ctx, {}), {message: 'ttrpc: closed'});
  await started.promise;
  await server.shutdown(AbortSignal.timeout(20));
  await pending;
});

test('the handshake decides who may call', async t => {
  let allowed = false;
  const {path} = await startServer(t, echoHandlers, {
    handshake: async () => {
      await delay(1);
      if (!allowed) throw new EngineError('permission-denied', 'wrong user');
    },
  });
  const refused = await connectClient(t, path);
  await t.throwsAsync(refused.echo.echo(ctx, {}), {message: 'ttrpc: closed'});
  allowed = true;
  const accepted = await connectClient(t, path);
  t.is((await accepted.echo.echo(ctx, {typeUrl: 'hi'})).typeUrl, 'hi');
});

test('a request over 4 MiB is refused by the sender, an answer over 4 MiB by the server', async t => {
  const {path} = await startServer(t, {
    echo: async (_ctx, request) => ({value: Buffer.alloc(request.value.length * 2)}),
  });
  const {echo} = await connectClient(t, path);
  for (const size of [5, 3]) {
    const error = await t.throwsAsync(echo.echo(ctx, {value: Buffer.alloc(size * 1024 * 1024)}));
    t.is(codeOf(error), 'resource-exhausted');
  }
  t.is((await echo.echo(ctx, {value: Buffer.alloc(1024 * 1024)})).value.length, 2 * 1024 * 1024);
});

test('a stream whose reader stalls for a second fails; other calls go on', async t => {
  const {path} = await startServer(t);
  const {echo} = await connectClient(t, path);
  const stalled = echo.count(ctx, {typeUrl: '100000'});
  const reader = stalled[Symbol.asyncIterator]();
  await reader.next();
  t.is((await echo.echo(ctx, {typeUrl: 'still here'})).typeUrl, 'still here');
  await t.throwsAsync(reader.next(), {message: 'ttrpc: stream buffer full'});
});
