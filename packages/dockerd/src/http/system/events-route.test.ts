import test from 'ava';
import {EventBus} from '../../core/events/event-bus.ts';
import {Query} from '../query.ts';
import type {ApiReply, ApiRequest} from '../route.ts';
import {eventsRoute} from './events-route.ts';

/** What a client gets that asks for events until now, as `Action`s. */
async function ask(events: EventBus, query: string): Promise<string[]> {
  const pieces: string[] = [];
  const signal = new AbortController().signal;
  const request = {query: new Query(query), gone: signal, ctx: {signal}} as unknown as ApiRequest;
  const reply = {stream: () => ({write: async (piece: string) => void pieces.push(piece)})} as unknown as ApiReply;
  await eventsRoute(events).handle(request, reply);
  return pieces.map(piece => (JSON.parse(piece) as {Action: string}).Action);
}

const now = () => String(Math.ceil(Date.now() / 1000));

test('the past: since, until, both, filters', async t => {
  const events = new EventBus();
  events.publish('volume', 'create', 'v');
  events.publish('container', 'exec_create: sh', 'c', {image: 'busybox:latest', name: 'n', label: 'x'});
  events.publish('volume', 'destroy', 'v');
  const [first] = events.subscribe(0n).past;
  const until = `until=${now()}`;
  t.deepEqual(await ask(events, until), ['create', 'exec_create: sh', 'destroy'], 'all that is kept');
  t.deepEqual(await ask(events, 'until=100'), []);
  const nano = first?.timeNano ?? 0n;
  const after = `since=${nano / 1_000_000_000n}.${String((nano % 1_000_000_000n) + 1n).padStart(9, '0')}`;
  t.deepEqual(await ask(events, `${after}&${until}`), ['exec_create: sh', 'destroy']);
  const filtered = (filters: object) => ask(events, `${until}&filters=${encodeURIComponent(JSON.stringify(filters))}`);
  t.deepEqual(await filtered({type: ['volume'], event: ['create']}), ['create']);
  t.deepEqual(await filtered({event: ['exec_create']}), ['exec_create: sh']);
  t.deepEqual(await filtered({image: ['busybox'], container: ['n']}), ['exec_create: sh']);
  t.deepEqual(await filtered({volume: ['v']}), ['create', 'destroy']);
  await t.throwsAsync(ask(events, 'since=200&until=100'), {message: /^`since` time \(200\) cannot be after `until`/});
});

test('256 events are kept', async t => {
  const events = new EventBus();
  for (let i = 0; i < 300; i++) events.publish('volume', `n${i}`, 'v');
  const kept = await ask(events, `since=1&until=${now()}`);
  t.is(kept.length, 256);
  t.is(kept[0], 'n44');
});
