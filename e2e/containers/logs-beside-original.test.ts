/** `docker logs` of the same files by the original engine and ours, and by the original client and ours: byte for byte. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {debianExecutables, type Engine} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

/** 2023-11-14T22:13:20Z. */
const start = 1_700_000_000;

function record(second: number, log: string, stream = 'stdout', nanos = '000000001'): string {
  const time = new Date((start + second) * 1000).toISOString().replace('.000Z', `.${nanos}Z`);
  return `${JSON.stringify({log, stream, attrs: {a: 'b c', tag: 'x/y'}, time})}\n`;
}

const seconds = (from: number, to: number) => Array.from({length: to - from}, (_each, i) => from + i);
const lines = (from: number, to: number) =>
  seconds(from, to).map(s => record(s, `line ${s}\n`, s % 3 === 0 ? 'stderr' : 'stdout'));

/** Oldest first; the current file ends in a line of several pieces, one of 100 nanoseconds, and one without an end. */
const files = {
  '.2.gz': gzipSync(lines(0, 10).join('')),
  '.1': lines(10, 20).join(''),
  '': [
    ...lines(20, 30),
    record(30, 'x'.repeat(16_384)),
    record(30, 'x'.repeat(16_384)),
    record(30, 'end of it\n'),
    record(31, 'short time\n', 'stdout', '1'),
    record(32, '\n'),
    record(33, 'no end'),
  ].join(''),
};

/** A container that has only these files for its log. */
async function containerWith(of: Engine, contents: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const options = ['max-size=1m', 'max-file=4', 'compress=true', 'labels=a'].flatMap(each => ['--log-opt', each]);
  const id = await of.dockerOk('create', ...options, '--label', 'a=b c', 'busybox', 'true');
  const directory = join(of.paths.dataRoot, 'containers', id);
  mkdirSync(directory, {recursive: true});
  for (const [suffix, content] of Object.entries(contents)) {
    writeFileSync(join(directory, `${id}-json.log${suffix}`), content);
  }
  return id;
}

const both = 'stdout=1&stderr=1';
const tails = ['all', '0', '1', '2', '3', '5', '7', '15', '25', '1000', '-1', 'abc', '2.5', '+3', '03'];
const times = [
  ...['15', '15.5', '15.000000001', '15.000000002', '5', '31', '40'].map(text => `17000000${text.padStart(2, '0')}`),
  ...['0', '1', '', 'abc', '10m', '1700000015.1234567890', '1700000015.', '.5', '2023-11-14', '1e3', '1700000015.x'],
];

const queries = [
  both,
  'stdout=1',
  'stderr=1',
  'follow=0',
  'stdout=0&stderr=0',
  `${both}&timestamps=1`,
  `${both}&details=1`,
  `${both}&details=1&timestamps=1&tail=4`,
  `stderr=1&tail=4`,
  ...tails.map(tail => `${both}&tail=${encodeURIComponent(tail)}`),
  ...times.flatMap(time => [`${both}&since=${time}`, `${both}&until=${time}`, `${both}&tail=4&since=${time}`]),
  `${both}&tail=4&until=1700000015`,
  `${both}&since=1700000005&until=1700000012`,
  `${both}&since=1700000012&until=1700000005`,
];

async function answer(of: Engine, id: string, query: string): Promise<string> {
  const {status, body} = await of.api.send(`/v1.41/containers/${id}/logs?${query}`);
  return `${status} ${typeof body === 'string' ? body : JSON.stringify(body)}`;
}

test('every query of the API has the answer of the original', async t => {
  t.timeout(120_000);
  const original = await openEngine(t, {executables: debianExecutables, leakCheck: false});
  const [ours, theirs] = [await containerWith(engine(), files), await containerWith(original, files)];
  for (const query of queries) {
    const [mine, other] = [await answer(engine(), ours, query), await answer(original, theirs, query)];
    t.is(mine.replaceAll(ours, 'ID'), other.replaceAll(theirs, 'ID'), query);
  }
  await engine().dockerOk('rm', ours);
});

const forms = [
  ...[
    '2023-11-14T22:13:35',
    '2023-11-14T22:13:35Z',
    '2023-11-14T22:13:35.5+02:00',
    '2023-11-14T22:13',
    '2023-11-14T22',
  ],
  ...['2023-11-14', '2023-11-14Z', '2023-11-15T00:13:35+02:00', '1700000015', '1700000015.5', '1700000015.000000002'],
  ...['1h30m', '10m', '1.5h', '100ns', '-1h', '0', '10', '1d', 'bogus', '2023-13-14', '2023-11-14T22:13:35.123456789Z'],
];

test('every form of a time, and of a number of lines, means to our client what it means to the original', async t => {
  t.timeout(120_000);
  const id = await containerWith(engine(), files);
  const calls = [
    ...forms.map((form, i) => [`--${i % 2 === 0 ? 'since' : 'until'}=${form}`]),
    ['--since=0'],
    ['--since=10m'],
    ...[['-n', '3'], ['--tail=0'], ['--tail', 'all'], ['-t', '-n2'], ['--details'], ['-n', 'x'], ['-tn', '1'], []],
  ];
  for (const call of calls) {
    const [mine, other] = await Promise.all(
      [engine().executables.docker, debianExecutables.docker].map(docker =>
        engine().run([docker, 'logs', ...call, id]),
      ),
    );
    t.deepEqual(mine, other, call.join(' '));
  }
  await engine().dockerOk('rm', id);
});
