import test from 'ava';
import {callContext} from '../call-context.ts';
import {type FinishedSpan, startSpan, withSpan} from './span.ts';
import {SpanRing} from './span-ring.ts';
import {formatTraceparent, parseTraceparent} from './traceparent.ts';
import {Tracer} from './tracer.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

test('traceparent: what is valid is read, what is not counts as none', t => {
  t.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), {traceId, spanId, sampled: true});
  t.false(parseTraceparent(`00-${traceId}-${spanId}-02`)?.sampled);
  t.truthy(parseTraceparent(`cc-${traceId}-${spanId}-01-later`), 'a later version');
  for (const bad of [
    '',
    'x',
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
  ]) {
    t.is(parseTraceparent(bad), undefined, bad);
  }
  t.is(formatTraceparent({traceId, spanId, sampled: false}), `00-${traceId}-${spanId}-00`);
});

test('spans nest, carry errors, and belong to one trace', async t => {
  const tracer = new Tracer('test');
  const ctx = callContext(tracer.follow(`00-${traceId}-${spanId}-01`));
  await t.throwsAsync(
    withSpan(ctx, 'outer', async outer => {
      t.regex(outer.traceparent, new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
      await withSpan(outer, 'inner', () => 1, {kind: 'client', attributes: {a: 'b'}});
      throw new Error('broken');
    }),
  );
  const [inner, outer] = tracer.ring.list(traceId) as [FinishedSpan, FinishedSpan];
  t.like(outer, {name: 'outer', parentId: spanId, error: 'broken', service: 'test', kind: 'internal'});
  t.like(inner, {name: 'inner', parentId: outer.spanId, error: '', kind: 'client', attributes: {a: 'b'}});
  t.true(outer.startNano <= inner.startNano && inner.startNano <= inner.endNano && inner.endNano <= outer.endNano);
  t.true(Math.abs(Number(outer.endNano / 1_000_000n) - Date.now()) < 60_000);
});

test('nothing is kept of calls that nobody traces; their header travels on', async t => {
  const tracer = new Tracer('test');
  const unsampled = `00-${traceId}-${spanId}-00`;
  const ctx = callContext(tracer.follow(unsampled));
  t.is(await withSpan(ctx, 'x', inner => inner.traceparent), unsampled);
  t.is(startSpan(ctx, 'y').ctx, ctx);
  await withSpan(callContext(tracer.follow('')), 'z', () => {});
  t.is(tracer.ring.size, 0);
});

test('with an exporter every call is traced, and a call without a header begins a trace', async t => {
  const exported: FinishedSpan[] = [];
  const tracer = new Tracer('test', {service: 'test', add: span => exported.push(span)});
  await withSpan(callContext(tracer.follow('')), 'root', () => {});
  t.is(exported.length, 1);
  t.is(exported[0]?.parentId, '');
  t.regex(exported[0]?.traceId ?? '', /^[0-9a-f]{32}$/);
  await withSpan(callContext(tracer.follow(`00-${traceId}-${spanId}-00`)), 'unsampled', () => {});
  t.is(exported.length, 1);
});

test('the ring forgets the oldest trace, and what a trace has too much of', t => {
  const ring = new SpanRing('test');
  const add = (id: number) => ring.add({traceId: String(id)} as FinishedSpan);
  for (let id = 0; id < 40; id++) add(id);
  t.is(ring.size, 32);
  t.is(ring.list('7').length, 0);
  for (let i = 0; i < 3000; i++) add(39);
  t.is(ring.list('39').length, 2000);
});
