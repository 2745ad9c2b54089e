import type {Envelope} from '@longshore/api/gen/containerd/types/event';
import {deferred, discardLogger} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import test from 'ava';
import {type EventTransport, Publisher, queueCapacity} from './publisher.ts';

/** Fails with the given errors first, then delivers. */
function transport(failures: Error[] = []) {
  const delivered: string[] = [];
  let attempts = 0;
  return {
    delivered,
    get attempts() {
      return attempts;
    },
    async forward(envelope: Envelope) {
      attempts++;
      const failure = failures.shift();
      if (failure) throw failure;
      delivered.push(envelope.topic);
    },
    [Symbol.dispose]: () => {},
  };
}

function publisherOver(to: EventTransport, retry = {initial: 1, max: 2}): Publisher {
  return new Publisher({namespace: 'ns', transport: to, log: discardLogger(), retry});
}

const event = {typeUrl: 'x', value: Buffer.alloc(0)};
const unavailable = () => new EngineError('unavailable', 'ttrpc: closed');

test('in order, one at a time, with namespace and time', async t => {
  const seen: Envelope[] = [];
  let inFlight = 0;
  const to: EventTransport = {
    async forward(envelope) {
      t.is(++inFlight, 1);
      await new Promise(resolve => setTimeout(resolve, 5 - seen.length));
      inFlight--;
      seen.push(envelope);
    },
    [Symbol.dispose]: () => {},
  };
  const publisher = publisherOver(to);
  for (let i = 0; i < 4; i++) publisher.publish(`/tasks/${i}`, event);
  await publisher.flush(1000);
  t.deepEqual(
    seen.map(envelope => envelope.topic),
    ['/tasks/0', '/tasks/1', '/tasks/2', '/tasks/3'],
  );
  t.is(seen[0]?.namespace, 'ns');
  t.true(Math.abs(Number(seen[0]?.timestamp?.seconds) - Date.now() / 1000) < 5);
});

test('tries again for as long as containerd is away, and keeps the order', async t => {
  const to = transport(Array.from({length: 40}, unavailable));
  const publisher = publisherOver(to);
  publisher.publish('/a', event);
  publisher.publish('/b', event);
  await publisher.flush(5000);
  t.deepEqual(to.delivered, ['/a', '/b']);
  t.is(to.attempts, 42);
});

test('an event that containerd refuses is given up after five attempts', async t => {
  const to = transport(Array.from({length: 5}, () => new EngineError('invalid-argument', 'no')));
  const publisher = publisherOver(to);
  publisher.publish('/bad', event);
  publisher.publish('/good', event);
  await publisher.flush(5000);
  t.deepEqual(to.delivered, ['/good']);
});

test('retryNow ends the pause', async t => {
  const to = transport([unavailable()]);
  const publisher = publisherOver(to, {initial: 60_000, max: 60_000});
  publisher.publish('/a', event);
  await new Promise(resolve => setTimeout(resolve, 10));
  t.deepEqual(to.delivered, []);
  publisher.retryNow();
  await publisher.flush(1000);
  t.deepEqual(to.delivered, ['/a']);
});

test('the queue is bounded, and flush does not wait for ever', async t => {
  const blocked = deferred();
  const to: EventTransport = {forward: () => blocked.promise, [Symbol.dispose]: () => {}};
  const publisher = publisherOver(to);
  for (let i = 0; i < queueCapacity + 10; i++) publisher.publish('/x', event);
  t.is(publisher.pending, queueCapacity);
  await publisher.flush(10);
  publisher[Symbol.dispose]();
  t.is(publisher.pending, 0);
  blocked.resolve();
});
