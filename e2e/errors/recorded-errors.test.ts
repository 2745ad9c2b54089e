/**
 * Bad and odd requests whose answers by Docker 28.5 were recorded, asked of ours: the same status, the same message. What
 * differs is listed with its reason; an entry that does not differ any more fails as well.
 */
import {existsSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Engine} from '@longshore/testing';
import test from 'ava';
import {openEngine} from '../harness/open.ts';
import {knownDifferences} from './recorded-differences.ts';
import {escapeControls, normalize, type RecordedError, recordedErrors} from './recorded-errors.ts';

const reference = process.env.LONGSHORE_REFERENCE ?? resolve(import.meta.dirname, '../../../shared/reference');
const isThere = existsSync(join(reference, 'real-outputs/errors.tsv'));
const recorded = isThere ? test : test.skip;

interface Answer {
  status: number;
  text: string;
}

recorded('answers to bad requests are those that were recorded', async t => {
  t.timeout(300_000);
  const engine = await openEngine(t);
  await prepare(engine);
  const used = new Set<string>();
  const problems: string[] = [];
  const rows = recordedErrors(reference);
  const progress: Progress = {exec: ''};
  for (const row of rows) {
    const answer = await ask(engine, row, progress);
    const expected = normalize(row.answer.replaceAll('\\x0d', '')).replace(/\\n$/, '');
    const found = normalize(answer.text);
    // Where the table's client asked for another protocol, this one did not.
    const wanted = row.status === 101 ? 200 : row.status;
    const isSame = (Number.isNaN(wanted) || answer.status === wanted) && isSameText(found, expected, row);
    if (isSame) continue;
    const what = `${row.method} ${row.path} ${row.body || row.note}`;
    const report = `${what}: ${answer.status} ${found}\n  not ${row.status} ${expected}`;
    const known = knownDifferences.find(({request, answer: pattern}) => request.test(what) && pattern.test(found));
    if (known) used.add(String(known.request));
    else problems.push(report);
  }
  t.log(`${rows.length} requests, ${used.size} known differences`);
  const unused = knownDifferences.filter(({request}) => !used.has(String(request)));
  t.deepEqual([...problems, ...unused.map(({request}) => `no longer a difference: ${request}`)], []);
  const all = await engine.dockerOk('ps', '-aq', '--no-trunc');
  await engine.dockerOk('unpause', 'paused1');
  await engine.dockerOk('rm', '-f', ...all.split('\n'));
});

/** What the table says was there. */
async function prepare(engine: Engine): Promise<void> {
  const {scratch} = engine.paths;
  writeFileSync(join(scratch, 'hello.txt'), 'hello\n');
  await engine.dockerOk('network', 'create', '--subnet', '172.30.0.0/24', 'net1');
  const sleeper = (...args: string[]) => engine.dockerOk('run', '-d', ...args, 'busybox', 'sleep', '100000');
  await sleeper('--name', 'web1', '-p', '127.0.0.1:8080:80', '-v', 'data1:/data');
  await engine.dockerOk('create', '--name', 'created', '-v', 'data1:/data', 'busybox', 'true');
  await sleeper('--name', 'n1', '--network', 'net1', '--ip', '172.30.0.10');
  await sleeper('--name', 'n2', '--network', 'net1');
  await sleeper('--name', 'paused1');
  await engine.dockerOk('pause', 'paused1');
  await engine.docker('run', '--name', 'exited1', 'busybox', 'sh', '-c', 'exit 3');
  await sleeper('--name', 'host1c', '--network', 'host');
  await sleeper('--name', 'share1', '--network', 'container:web1');
  await sleeper('--name', 'none1', '--network', 'none');
}

interface Progress {
  /** Id of the exec that was started last. */
  exec: string;
}

/** Sends the request of one line, or looks at what the one before has left. */
async function ask(engine: Engine, row: RecordedError, progress: Progress): Promise<Answer> {
  const {method, path, note} = row;
  if (method === '(state)') return stateOf(engine, note || path);
  if (method === '(exec inspect)') {
    const {ExitCode} = await engine.api.get<{ExitCode: number}>(`/exec/${progress.exec}/json`);
    return {status: 0, text: String(ExitCode)};
  }
  const made = /^(container|exec): (.*)$/.exec(note);
  if (made?.[1] === 'exec') {
    const config = JSON.parse(made[2] as string);
    progress.exec = (await engine.api.post<{Id: string}>('/containers/web1/exec', config)).Id;
  }
  if (made?.[1] === 'container') {
    const name = /containers\/(\w+)\//.exec(path)?.[1];
    const config = withPaths(engine, JSON.stringify({Image: 'busybox', ...JSON.parse(made[2] as string)}));
    await engine.api.post(`/containers/create?name=${name}`, JSON.parse(config));
  }
  if (path === 'exec') return send(engine, {...row, path: '/v1.51/containers/web1/exec'});
  if (!path.startsWith('/v1.51/exec/ID/')) return send(engine, row);
  const actual = path.replace('ID', progress.exec).replace(' (second time)', '');
  return send(engine, {...row, path: actual, body: row.body || '{"Detach":false}'});
}

async function stateOf(engine: Engine, note: string): Promise<Answer> {
  const name = /after start of (\w+)/.exec(note)?.[1];
  const {State} = await engine.api.get<{State: object}>(`/containers/${name}/json`);
  return {status: 0, text: JSON.stringify(State)};
}

async function send(engine: Engine, {method, path, body, answer}: RecordedError): Promise<Answer> {
  const isPlain = answer.includes('unsupported Content-Type header (text/plain)');
  const isTar = /^(notatar|x)$/.test(body);
  const type = isPlain ? 'text/plain' : isTar ? 'application/x-tar' : 'application/json';
  const hasBody = body !== '' || /reading request body/.test(answer);
  const response = await engine.api.stream(path.replaceAll('/ref/src', engine.paths.scratch), {
    method: method as 'GET',
    headers: {...(hasBody ? {'Content-Type': type} : {})},
    ...(body === '' ? {} : {body: withPaths(engine, body)}),
    signal: AbortSignal.timeout(60_000),
  });
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const status = response.statusCode ?? 0;
  return {status, text: textOf(Buffer.concat(pieces))};
}

const withPaths = (engine: Engine, text: string): string => text.replaceAll('/ref/src', engine.paths.scratch);

/** A frame of a stream without its length, as ids and messages are of any. */
function textOf(bytes: Buffer): string {
  const isFrame = bytes[0] === 1 && bytes[1] === 0;
  return escapeControls((isFrame ? bytes.subarray(8) : bytes).toString()).replaceAll('\\x0d', '');
}

/** Answers with a document are compared by what the table is about: a status, and the warnings of a create. */
function isSameText(found: string, expected: string, {status, path}: RecordedError): boolean {
  if (status === 200 && path.includes('/json')) return true;
  // The head of a frame, whose last byte may be shown as a letter.
  const wanted = withoutSpace(expected.replace(/^(\\x[0-9a-f]{2}){7}/, ''));
  return [wanted, ...(wanted === expected ? [] : [wanted.slice(1)])].includes(withoutSpace(found));
}

const withoutSpace = (text: string): string => text.replace(/\\[nr]|\s+/g, '');
