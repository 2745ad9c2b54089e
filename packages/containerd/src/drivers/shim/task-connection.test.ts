import {createServer} from 'node:net';
import {join} from 'node:path';
import {TaskDefinition} from '@longshore/api/gen/containerd/runtime/task/v3/shim';
import {callContext, deferred, discardLogger} from '@longshore/base';
import {codeOf, EngineError} from '@longshore/errdefs';
import {TtrpcServer} from '@longshore/ttrpc';
import test, {type ExecutionContext} from 'ava';
import {listenGrpc} from '../../services/listen.ts';
import {serve} from '../../services/serve.ts';
import {tempDir} from '../../test-support/store.ts';
import {connectShim, taskServiceV2} from './task-connection.ts';

const ctx = callContext({namespace: 'ns'});
type Handlers = Partial<
  Record<keyof (typeof TaskDefinition)['methods'], (ctx: {namespace: string}, request: never) => Promise<object>>
>;

async function ttrpcShim(
  t: ExecutionContext,
  definition: typeof TaskDefinition | typeof taskServiceV2,
  handlers: Handlers,
) {
  const path = join(tempDir(t), 's');
  const server = new TtrpcServer();
  server.register(definition, handlers as never);
  const listener = createServer();
  server.attach(listener);
  await new Promise<void>(resolve => listener.listen(path, resolve));
  t.teardown(() => server.close());
  return {address: `unix://${path}`, stop: () => server.close()};
}

async function grpcShim(
  t: ExecutionContext,
  definition: typeof TaskDefinition | typeof taskServiceV2,
  handlers: Handlers,
) {
  const path = join(tempDir(t), 's');
  const missing = Object.keys(definition.methods).map(key => [
    key,
    async () => Promise.reject(new EngineError('unimplemented', key)),
  ]);
  const services = [serve(definition, {...Object.fromEntries(missing), ...handlers}, false)];
  const limits = {maxReceive: 4 << 20, maxSend: 4 << 20};
  const server = await listenGrpc({path, uid: 0, gid: 0, ...limits, services, log: discardLogger()});
  const stop = once(async () => await server[Symbol.asyncDispose]());
  t.teardown(stop);
  return {address: `unix://${path}`, stop};
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= action();
    return done;
  };
}

const connect: Handlers = {connect: async () => ({shimPid: 7})};

for (const [protocol, start] of [
  ['ttrpc', ttrpcShim],
  ['grpc', grpcShim],
] as const) {
  test(`${protocol}: version 3 is spoken first, and the namespace goes along`, async t => {
    const seen: string[] = [];
    const shim = await start(t, TaskDefinition, {
      async connect(given) {
        seen.push(given.namespace);
        return {shimPid: 7};
      },
    });
    const connection = await connectShim(ctx, {version: 3, address: shim.address, protocol}, () => {});
    t.is((await connection.call('connect', ctx, {id: 'c'})).shimPid, 7);
    t.is(connection.version, 3);
    if (protocol === 'grpc') t.deepEqual(seen, ['ns']);
    connection.close();
  });

  test(`${protocol}: a shim that knows only version 2 is spoken to in it`, async t => {
    const shim = await start(t, taskServiceV2, connect);
    const connection = await connectShim(ctx, {version: 3, address: shim.address, protocol}, () => {});
    t.is((await connection.call('connect', ctx, {id: 'c'})).shimPid, 7);
    t.is(connection.version, 2);
    connection.close();
  });

  test(`${protocol}: a missing method is no reason to go back a version`, async t => {
    const shim = await start(t, TaskDefinition, connect);
    const connection = await connectShim(ctx, {version: 3, address: shim.address, protocol}, () => {});
    t.is(codeOf(await t.throwsAsync(connection.call('pause', ctx, {id: 'c'}))), 'unimplemented');
    t.is(connection.version, 3);
    connection.close();
  });

  test(`${protocol}: codes and texts of a shim's errors arrive`, async t => {
    const refuse = () => Promise.reject(new EngineError('failed-precondition', 'cannot delete a running process'));
    const shim = await start(t, TaskDefinition, {delete: refuse});
    const connection = await connectShim(ctx, {version: 3, address: shim.address, protocol}, () => {});
    const error = await t.throwsAsync(connection.call('delete', ctx, {id: 'c'}));
    t.is(error?.message, 'cannot delete a running process');
    t.is(codeOf(error), 'failed-precondition');
    connection.close();
  });

  test(`${protocol}: the death of the shim is noticed, and ends its calls`, async t => {
    const closed = deferred();
    const shim = await start(t, TaskDefinition, {wait: () => new Promise(() => {}), ...connect});
    const connection = await connectShim(ctx, {version: 3, address: shim.address, protocol}, closed.resolve);
    await connection.call('connect', ctx, {id: 'c'});
    const waiting = connection.call('wait', ctx, {id: 'c'});
    setTimeout(shim.stop, 20);
    t.is(codeOf(await t.throwsAsync(waiting)), 'unavailable');
    await closed.promise;
  });
}

test('a time limit ends a call', async t => {
  for (const [protocol, start] of [
    ['ttrpc', ttrpcShim],
    ['grpc', grpcShim],
  ] as const) {
    const shim = await start(t, TaskDefinition, {state: () => new Promise(() => {})});
    const connection = await connectShim(ctx, {version: 3, address: shim.address, protocol}, () => {});
    const error = await t.throwsAsync(connection.call('state', ctx, {id: 'c'}, {timeoutMs: 30}));
    t.is(codeOf(error), 'deadline-exceeded');
    connection.close();
  }
});

test('nobody there is an error at once', async t => {
  const address = `unix://${tempDir(t)}/nosuch`;
  const call = connectShim(ctx, {version: 3, address, protocol: 'ttrpc'}, () => {});
  t.is(codeOf(await t.throwsAsync(call)), 'not-found');
});
