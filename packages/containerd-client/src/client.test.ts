import {randomBytes} from 'node:crypto';
import {setTimeout as delay} from 'node:timers/promises';
import type {ServerDuplexStream, ServerWritableStream} from '@grpc/grpc-js';
import {
  ContentDefinition,
  type WriteContentRequest,
  type WriteContentResponse,
} from '@longshore/api/gen/containerd/services/content/v1/content';
import {EventsDefinition} from '@longshore/api/gen/containerd/services/events/v1/events';
import {LeasesDefinition} from '@longshore/api/gen/containerd/services/leases/v1/leases';
import {VersionDefinition} from '@longshore/api/gen/containerd/services/version/v1/version';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {callContext, withSignal} from '@longshore/base';
import {codeOf, type ErrorCode} from '@longshore/errdefs';
import {digestOf} from '@longshore/oci';
import test, {type ExecutionContext} from 'ava';
import {
  acquireLease,
  type ContainerdClient,
  fromDate,
  ingest,
  nanosOf,
  openClient,
  openContentWriter,
  packAny,
  packJson,
  readBlob,
  subscribeEvents,
  toDate,
  unpackAny,
  unpackJson,
  withLease,
} from './index.ts';
import {FakeServer, status} from './test-support/fake-server.ts';

const ctx = callContext({namespace: 'n'});

async function connect(
  t: ExecutionContext,
  ...services: ConstructorParameters<typeof FakeServer> extends [unknown, ...infer S] ? S : never
): Promise<{client: ContainerdClient; server: FakeServer}> {
  const server = await new FakeServer(t, ...services).start();
  const client = openClient({address: `unix://${server.address}`});
  t.teardown(() => client[Symbol.dispose]());
  return {client, server};
}

const refused = async (t: ExecutionContext, code: ErrorCode, action: Promise<unknown>, message?: RegExp) => {
  const error = await t.throwsAsync(action, message && {message});
  t.is(codeOf(error), code, error?.message);
};

test('namespace, lease and trace travel as headers', async t => {
  const seen: unknown[] = [];
  const {client} = await connect(t, [
    VersionDefinition,
    {
      version: (_request: never, {metadata}: {metadata: {getMap(): object}}) => {
        seen.push(metadata.getMap());
        return {version: '1'};
      },
    },
  ]);
  const full = callContext({namespace: 'moby', lease: 'l1', traceparent: '00-x'});
  t.is((await client.version.version(full, {})).version, '1');
  await client.version.version(callContext(), {});
  t.like(seen[0], {'containerd-namespace': 'moby', 'containerd-lease': 'l1', traceparent: '00-x'});
  t.false('containerd-namespace' in (seen[1] as object));
});

test('statuses become codes, messages stay', async t => {
  const cases: [number, string, ErrorCode][] = [
    [5, 'container "x" in namespace "n": not found', 'not-found'],
    [6, 'snapshot "x": already exists', 'already-exists'],
    [9, 'busy: failed precondition', 'failed-precondition'],
    [9, 'x: conflict', 'conflict'],
    [14, 'ref x locked: unavailable', 'unavailable'],
    [12, 'no', 'unimplemented'],
  ];
  let next = 0;
  const {client} = await connect(t, [
    VersionDefinition,
    {
      version: () => {
        const [code, message] = cases[next++] ?? [0, ''];
        throw status(code, message);
      },
    },
  ]);
  for (const [, message, code] of cases) {
    const error = await t.throwsAsync(client.version.version(ctx, {}), {message});
    t.is(codeOf(error), code);
  }
});

test('a call ends with its signal or its time', async t => {
  let aborted = 0;
  const started = Promise.withResolvers<void>();
  const {client} = await connect(t, [
    VersionDefinition,
    {
      version: (_request: never, {signal}: {signal: AbortSignal}) => {
        started.resolve();
        signal.addEventListener('abort', () => aborted++);
        return new Promise(() => {});
      },
    },
  ]);
  const abort = new AbortController();
  const call = client.version.version(withSignal(ctx, abort.signal), {});
  await started.promise;
  abort.abort();
  await refused(t, 'canceled', call);
  await refused(t, 'canceled', client.version.version(withSignal(ctx, AbortSignal.abort()), {}));
  await refused(t, 'deadline-exceeded', client.version.version(ctx, {}, {timeoutMs: 50}));
  for (let i = 0; i < 100 && aborted < 2; i++) await delay(10);
  t.is(aborted, 2, 'the server knows');
});

test('a patient client waits for a server that is started again, up to a limit', async t => {
  const blob = Buffer.from('x');
  const {server} = await connect(
    t,
    [VersionDefinition, {version: () => ({version: '1'})}],
    [
      ContentDefinition,
      {
        read: (call: ServerWritableStream<unknown, {offset: bigint; data: Buffer}>) => {
          call.write({offset: 0n, data: blob});
          call.end();
        },
      },
    ],
  );
  const {address} = server;
  using client = openClient({address, patienceMs: 20_000});
  await client.version.version(ctx, {});
  server.stop();
  const calls = Promise.all([client.version.version(ctx, {}), Array.fromAsync(client.content.read(ctx, {}))]);
  await refused(t, 'unavailable', client.version.version(ctx, {}, {patienceMs: 0}));
  await refused(t, 'canceled', client.version.version(withSignal(ctx, AbortSignal.abort()), {}));
  await delay(300);
  await server.start();
  const [{version}, pieces] = await calls;
  t.is(version, '1');
  t.deepEqual(
    pieces.map(({data}) => Buffer.from(data)),
    [blob],
  );
  server.stop();
  using hasty = openClient({address, patienceMs: 100});
  await refused(t, 'unavailable', hasty.version.version(ctx, {}));
});

test('no server is unavailable, and a new one is found', async t => {
  const {client, server} = await connect(t, [VersionDefinition, {version: () => ({version: '1'})}]);
  await client.version.version(ctx, {});
  server.stop();
  const error = await t.throwsAsync(client.version.version(ctx, {}));
  t.is(codeOf(error), 'unavailable');
  t.regex(error?.message ?? '', /^cannot reach containerd at ".*s\.sock": /);
  await server.start();
  for (let i = 0; ; i++) {
    const code = await client.version.version(ctx, {}).then(() => 'ok', codeOf);
    if (code === 'ok') break;
    if (i > 200) t.fail(`no connection: ${code}`);
    await delay(20);
  }
  t.pass();
});

test('streams are read at the pace of the reader, and cancelled when it leaves', async t => {
  let sent = 0;
  let cancelled = false;
  const {client} = await connect(t, [
    ContentDefinition,
    {
      read: (call: ServerWritableStream<unknown, unknown>) => {
        call.on('cancelled', () => {
          cancelled = true;
        });
        const pump = () => {
          while (sent < 1000 && !cancelled) {
            sent++;
            if (!call.write({offset: 0n, data: Buffer.alloc(1 << 20, sent)})) {
              call.once('drain', pump);
              return;
            }
          }
          if (!cancelled) call.end();
        };
        pump();
      },
    },
  ]);
  let seen = 0;
  for await (const {data} of client.content.read(ctx, {digest: 'x'})) {
    seen++;
    t.is(data[0], seen & 0xff);
    if (seen === 3) {
      await delay(300);
      t.true(sent < 100, `${sent} of 1000 MiB were sent to a reader that stopped at 3`);
      break;
    }
  }
  for (let i = 0; i < 100 && !cancelled; i++) await delay(10);
  t.true(cancelled);
});

test('a blob that is larger than expected is not taken', async t => {
  const {client} = await connect(t, [
    ContentDefinition,
    {
      read: (call: ServerWritableStream<unknown, unknown>) => {
        for (let i = 0; i < 10; i++) call.write({offset: 0n, data: Buffer.alloc(1000)});
        call.end();
      },
    },
  ]);
  t.is((await readBlob(ctx, client, 'x')).length, 10_000);
  await refused(t, 'out-of-range', readBlob(ctx, client, 'x', 5000), /more than 5000 bytes/);
});

/** The server's side of an ingest, as the protocol has it. */
class FakeIngest {
  data = Buffer.alloc(0);
  committed: WriteContentRequest | undefined;
  /** Fails the n-th write. */
  failAt = Number.POSITIVE_INFINITY;
  status: {code: number; details: string} | undefined;
  writes = 0;
  calls = 0;
  /** Takes the n-th write of the first call and says no more; 0 does so in every call. */
  stallAt = Number.POSITIVE_INFINITY;

  serve(call: ServerDuplexStream<WriteContentRequest, Partial<WriteContentResponse>>): void {
    const number = ++this.calls;
    call.on('data', request => {
      const isStuck = this.writes >= this.stallAt && (number === 1 || this.stallAt === 0);
      if (isStuck && request.action !== 0) return;
      if (this.status) {
        call.emit('error', this.status);
        return;
      }
      if (request.action === 1 && ++this.writes === this.failAt) {
        call.emit('error', status(8, 'no space left on device'));
        return;
      }
      if (request.action === 1) {
        const offset = Number(request.offset);
        if (offset !== 0 && offset !== this.data.length) call.emit('error', status(11, 'wrong offset'));
        this.data = Buffer.concat([this.data.subarray(0, offset), request.data]);
      }
      if (request.action === 2) this.committed = request;
      const digest = digestOf(this.data);
      call.write({action: request.action, offset: BigInt(this.data.length), total: request.total, digest});
    });
    call.on('end', () => call.end());
  }
}

function contentWith(
  t: ExecutionContext,
  fake: FakeIngest,
  more: Record<string, never | ((r: never) => unknown)> = {},
) {
  return connect(t, [ContentDefinition, {write: (call: never) => fake.serve(call), ...more}]);
}

test('an ingest is written in pieces, committed, and resumed', async t => {
  const fake = new FakeIngest();
  const {client} = await contentWith(t, fake);
  const whole = Buffer.alloc(5_500_000, 'abcdefg');
  {
    await using writer = await openContentWriter(ctx, client, {ref: 'r', total: whole.length});
    await writer.write(whole.subarray(0, 5_000_000));
    t.is(writer.offset, 5_000_000);
  } // what is on its way may be lost, what was answered is not
  let from = -1;
  const source = async function* (offset: number) {
    from = offset;
    yield whole.subarray(offset);
  };
  const expected = {digest: digestOf(whole), size: whole.length, labels: {a: 'b'}};
  t.deepEqual(await ingest(ctx, client, 'r', source, expected), {digest: expected.digest, existed: false});
  t.true(from >= 1 << 20 && from <= 5_000_000, `${from}`);
  t.true(fake.data.equals(whole));
  t.like(fake.committed, {total: BigInt(whole.length), expected: expected.digest, labels: {a: 'b'}});
});

test('an ingest that makes no progress is continued by a new call', async t => {
  const fake = new FakeIngest();
  fake.stallAt = 3;
  const {client} = await contentWith(t, fake);
  const whole = randomBytes(9_500_000);
  await using writer = await openContentWriter(ctx, client, {ref: 'r', stallMs: 500});
  await writer.write(whole);
  const {digest} = await writer.commit({size: whole.length});
  t.is(digest, digestOf(whole));
  t.true(fake.calls >= 2, `${fake.calls} calls`); // more of them where the machine itself stalls
  const dead = new FakeIngest();
  dead.stallAt = 0;
  const second = await contentWith(t, dead);
  await using stuck = await openContentWriter(ctx, second.client, {ref: 'r', stallMs: 20});
  await refused(t, 'unavailable', stuck.write(whole), /takes no more data/);
});

test('a failing store ends the ingest with its reason', async t => {
  const fake = new FakeIngest();
  fake.failAt = 3;
  const {client} = await contentWith(t, fake);
  let pieces = 0;
  const source = async function* () {
    for (; pieces < 1000; pieces++) yield Buffer.alloc(1 << 20);
  };
  await refused(t, 'resource-exhausted', ingest(ctx, client, 'r', source), /no space left/);
  t.true(pieces < 20, `${pieces} pieces were read after the failure`);
});

test('a source that fails leaves the ingest, a wrong digest drops it', async t => {
  const aborted: string[] = [];
  const fake = new FakeIngest();
  const abort = (request: {ref: string}) => {
    aborted.push(request.ref);
    return {};
  };
  const {client} = await contentWith(t, fake, {abort});
  const broken = async function* () {
    yield Buffer.from('abc');
    throw new Error('line is cut');
  };
  await t.throwsAsync(ingest(ctx, client, 'r', broken), {message: 'line is cut'});
  t.deepEqual(aborted, []);
  fake.status = status(9, 'unexpected commit digest sha256:x: failed precondition');
  await refused(
    t,
    'failed-precondition',
    ingest(ctx, client, 'r', async function* () {}),
  );
  t.deepEqual(aborted, ['r']);
});

test('a blob that is there is not read, and gets the labels', async t => {
  const updates: {info: {digest: string; labels: object}; updateMask: string[]}[] = [];
  const fake = new FakeIngest();
  const digest = digestOf('x');
  fake.status = status(6, `content ${digest}: already exists`);
  const update = (request: (typeof updates)[0]) => {
    updates.push(request);
    return {};
  };
  const {client} = await contentWith(t, fake, {update});
  const source = (): never => t.fail() as never;
  t.deepEqual(await ingest(ctx, client, 'r', source, {digest, labels: {'a.b/c': 'd'}}), {digest, existed: true});
  t.deepEqual(await ingest(ctx, client, 'r', source), {digest, existed: true});
  t.is(updates.length, 1);
  t.like(updates[0], {info: {digest, labels: {'a.b/c': 'd'}}, updateMask: ['labels.a.b/c']});
});

test('a subscription stands before anything else is called', async t => {
  let push: ((topic: string) => void) | undefined;
  const {client, server} = await connect(
    t,
    [
      EventsDefinition,
      {
        subscribe: (call: ServerWritableStream<{filters: string[]}, unknown>) => {
          push = topic => call.write({topic: `${call.request.filters[0]} ${topic}`, namespace: 'n'});
        },
      },
    ],
    [VersionDefinition, {version: () => ({})}],
  );
  const events = await subscribeEvents(ctx, client, ['topic~=/x']);
  t.truthy(push, 'the server has the subscription when this resolves');
  push?.('/a');
  push?.('/b');
  t.is((await events.next()).value?.topic, 'topic~=/x /a');
  t.is((await events.next()).value?.topic, 'topic~=/x /b');
  const next = events.next();
  server.stop();
  await refused(t, 'unavailable', next);
  await refused(t, 'unavailable', subscribeEvents(ctx, client));
});

test('a lease covers what is done under it, and goes in the end', async t => {
  const calls: string[] = [];
  const {client} = await connect(t, [
    LeasesDefinition,
    {
      create: ({id, labels}: {id: string; labels: Record<string, string>}) => {
        calls.push(`create ${labels['containerd.io/gc.expire'] ? 'expiring' : ''}`);
        return {lease: {id}};
      },
      delete: ({id}: {id: string}) => {
        calls.push('delete');
        if (id === 'gone') throw status(5, 'lease "gone": not found');
        return {};
      },
    },
  ]);
  const inner = await withLease(ctx, client, async leased => {
    t.regex(leased.lease, /^\d+-[0-9a-f]{4}$/);
    return await withLease(leased, client, async same => same.lease === leased.lease);
  });
  t.true(inner);
  await t.throwsAsync(
    withLease(ctx, client, () => Promise.reject(new Error('x'))),
    {message: 'x'},
  );
  await (await acquireLease(ctx, client, {id: 'gone'}))[Symbol.asyncDispose]();
  t.deepEqual(calls, ['create expiring', 'delete', 'create expiring', 'delete', 'create expiring', 'delete']);
});

test('values of any type', t => {
  const options = Options.fromPartial({binaryName: 'runc', root: '/x'});
  const any = packAny('containerd.runc.v1.Options', Options, options);
  t.deepEqual(unpackAny(any, 'containerd.runc.v1.Options', Options), options);
  const prefixed = {...any, typeUrl: `type.googleapis.com/${any.typeUrl}`};
  t.deepEqual(unpackAny(prefixed, 'containerd.runc.v1.Options', Options), options);
  t.is(unpackAny(any, 'other', Options), undefined);
  t.is(unpackAny(undefined, 'other', Options), undefined);
  const broken = {typeUrl: 'x', value: Buffer.from([0xff])};
  t.is(codeOf(t.throws(() => unpackAny(broken, 'x', Options))), 'invalid-argument');
  t.deepEqual(unpackJson(packJson('t', {a: [1]})), {a: [1]});
  t.is(codeOf(t.throws(() => unpackJson(broken))), 'invalid-argument');
});

test('times', t => {
  const date = new Date('2026-01-02T03:04:05.678Z');
  t.deepEqual(toDate(fromDate(date)), date);
  t.deepEqual(toDate(fromDate(new Date(-1))), new Date(-1));
  t.is(toDate(undefined), undefined);
  t.is(toDate({seconds: -62_135_596_800n, nanos: 0}), undefined);
  t.is(nanosOf({seconds: 5n, nanos: 7}), 5_000_000_007n);
});
