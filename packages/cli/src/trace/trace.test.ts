import test from 'ava';
import {ClientTrace} from './client-trace.ts';
import {wantsTrace} from './environment.ts';
import {waterfall} from './waterfall.ts';
import {waterfallPage} from './waterfall-page.ts';
import {shortName, summaryText, waterfallText} from './waterfall-text.ts';

const ms = (value: number) => 1_795_245_473_000_000_000n + BigInt(value * 1e6);
const span = (spanId: string, parentId: string, name: string, start: number, end: number, service = 'dockerd') => ({
  ...{spanId, parentId, name, service, error: '', attributes: {}, startNano: ms(start), endNano: ms(end)},
});

const spans = [
  span('c', 'b', 'a.b.v1.Tasks/Create', 12, 30, 'containerd'),
  span('a', '', 'docker run', 0, 50, 'docker'),
  span('b', 'a', 'POST /start', 10, 40),
  span('d', 'b', 'save', 25, 35),
  {...span('e', 'lost', 'exit', 45, 48), error: 'no <such> thing'},
];

test('spans stand below their parents, in the order of their begin; own time is what children leave', t => {
  const bars = waterfall(spans);
  t.deepEqual(
    bars.map(({name, depth, start, duration, own}) => [name, depth, start, duration, own]),
    [
      ['docker run', 0, 0, 50, 20],
      ['POST /start', 1, 10, 30, 7],
      ['a.b.v1.Tasks/Create', 2, 12, 18, 18],
      ['save', 2, 25, 10, 10],
      ['exit', 0, 45, 3, 3],
    ],
  );
  t.is(summaryText(bars), 'own time: docker 20.0 ms, dockerd 20.0 ms, containerd 18.0 ms\n');
  const waiting = {...span('w', '', 'job wait', 0, 9), attributes: {waits: 'true'}};
  t.is(waterfall([waiting])[0]?.own, 0);
  t.deepEqual(waterfall([]), []);
});

test('the text fits the terminal', t => {
  const lines = waterfallText(waterfall(spans), 80).trimEnd().split('\n');
  t.true(lines.every(line => line.length <= 80));
  t.regex(lines[2] ?? '', /^ {5}10\.00 {6}30\.00 dockerd {4} {2}POST \/start +█+$/);
  t.regex(lines[5] ?? '', /exit ✗/);
  t.is(shortName('containerd.services.tasks.v1.Tasks/Create'), 'Tasks/Create');
  t.is(shortName('POST /containers/{name}/start'), 'POST /containers/{name}/start');
});

test('the page shows what it is given as text', t => {
  const page = waterfallPage('docker run <x>', 'abc', waterfall(spans));
  t.true(page.includes('<title>docker run &#60;x&#62;</title>'));
  t.false(page.includes('<such>'));
  t.is(page.match(/class="row"/g)?.length, 5);
});

test('a trace of the client: its own, or that of whoever called', t => {
  const own = new ClientTrace('docker ps', '');
  own.end();
  t.deepEqual(
    own.spans.map(({name, parentId}) => [name, parentId === '']),
    [
      ['start of the client', false],
      ['docker ps', true],
    ],
  );
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const joined = new ClientTrace('docker ps', `00-${traceId}-00f067aa0ba902b7-01`);
  t.is(joined.traceId, traceId);
  joined.end();
  t.is(joined.spans[1]?.parentId, '00f067aa0ba902b7');
});

test('only a collector makes an ordinary command a traced one', t => {
  t.false(wantsTrace({}));
  t.false(wantsTrace({OTEL_SERVICE_NAME: 'x'}));
  t.true(wantsTrace({OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c'}));
  t.true(wantsTrace({OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c'}));
  t.false(wantsTrace({OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none'}));
});
