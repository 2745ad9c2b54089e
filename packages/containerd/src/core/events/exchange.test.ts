import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {eventCodec} from '../../services/events/codec.ts';
import type {Envelope} from './events.ts';
import {EventExchange} from './exchange.ts';

const collect = (exchange: EventExchange, filters: string[], signal: AbortSignal) =>
  Array.fromAsync(exchange.subscribe(filters, signal));
const topics = (envelopes: Envelope[]) => envelopes.map(({namespace, topic}) => `${namespace}${topic}`);

test('subscribers get what matches, from their subscription on, in order', async t => {
  const exchange = new EventExchange(eventCodec);
  const end = new AbortController();
  exchange.publish('a', {topic: '/images/delete', name: 'before'});
  const all = collect(exchange, [], end.signal);
  const images = collect(exchange, ['topic~=|^/images/|,namespace==a'], end.signal);
  const either = collect(exchange, ['namespace==b', 'event.name==x'], end.signal);
  exchange.publish('a', {topic: '/images/create', name: 'x', labels: {}});
  exchange.publish('b', {topic: '/images/create', name: 'y', labels: {}});
  exchange.publish('a', {topic: '/containers/delete', id: 'c'});
  end.abort();
  t.deepEqual(topics(await all), ['a/images/create', 'b/images/create', 'a/containers/delete']);
  t.deepEqual(topics(await images), ['a/images/create']);
  t.deepEqual(topics(await either), ['a/images/create', 'b/images/create']);
  t.is(exchange.subscribers, 0);
});

test('fields of events are found by their proto names, labels by their key', async t => {
  const exchange = new EventExchange(eventCodec);
  const end = new AbortController();
  const find = (filter: string) => collect(exchange, [filter], end.signal);
  const found = [
    find('event.container_id==c'),
    find('event.exit_status==7'),
    find('event.labels.a.b==v'),
    find('event.runtime.name==r'),
    find('event.nosuch'),
  ];
  const exitedAt = {seconds: 1n, nanos: 2};
  exchange.publish('n', {topic: '/tasks/exit', containerId: 'c', id: 'c', pid: 1, exitStatus: 7, exitedAt});
  exchange.publish('n', {topic: '/images/update', name: 'i', labels: {'a.b': 'v'}});
  exchange.publish('n', {topic: '/containers/create', id: 'c', image: '', runtime: {name: 'r'}});
  end.abort();
  const lengths = (await Promise.all(found)).map(envelopes => envelopes.length);
  t.deepEqual(lengths, [1, 1, 1, 1, 0]);
});

test('leaving the loop ends the subscription', async t => {
  const exchange = new EventExchange(eventCodec);
  const events = exchange.subscribe([], new AbortController().signal);
  exchange.publish('n', {topic: '/images/delete', name: 'x'});
  for await (const _event of events) break;
  t.is(exchange.subscribers, 0);
});

test('forwarded events keep their time and are checked', t => {
  const exchange = new EventExchange(eventCodec);
  const event = {typeUrl: 'x', value: new Uint8Array()};
  const timestamp = {seconds: 5n, nanos: 0};
  for (const [namespace, topic] of [
    ['', '/a'],
    ['n', ''],
    ['n', 'a'],
    ['n', '/'],
    ['n', '/a//b'],
    ['n', '/tasks/?'],
  ] as const) {
    t.is(codeOf(t.throws(() => exchange.forward({timestamp, namespace, topic, event}))), 'invalid-argument');
  }
  t.notThrows(() => exchange.forward({timestamp, namespace: 'n', topic: '/tasks/exec-added', event}));
});

test('a subscriber that never reads loses its stream, not the memory', async t => {
  const exchange = new EventExchange(eventCodec);
  const slow = exchange.subscribe([], new AbortController().signal);
  for (let i = 0; i < 65_600; i++) exchange.publish('n', {topic: '/images/delete', name: 'x'});
  const error = await t.throwsAsync(Array.fromAsync(slow));
  t.is(codeOf(error), 'resource-exhausted');
});
