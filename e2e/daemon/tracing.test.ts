/** One trace from the client to the runtime: `docker trace`, and the header that other clients send. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Engine, poll} from '@longshore/testing';
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

interface Span {
  ID: string;
  ParentID: string;
  Name: string;
  Service: string;
}

async function spansOf({api}: Engine, traceId: string): Promise<Span[]> {
  return (await api.get<{Spans: Span[]}>(`/system/traces/${traceId}`)).Spans;
}

test('docker trace shows every program, and the command behaves as without', async t => {
  const page = join(engine().paths.scratch, 'page.html');
  const result = await engine().docker(
    'trace',
    '--html',
    page,
    'run',
    '--rm',
    'busybox',
    'sh',
    '-c',
    'echo out; exit 5',
  );
  t.is(result.exitCode, 5);
  t.is(result.stdout, 'out');
  const lines = result.stderr.split('\n');
  for (const what of [
    /docker +docker run/,
    /docker +POST \/containers\/create/,
    /dockerd +job start/,
    /dockerd +mount rootfs/,
    /dockerd +Tasks\/Create/,
    /containerd +start shim/,
    /shim +runc create/,
    /shim +runc start/,
    /dockerd +container exit/,
    /shim +runc delete/,
    /^own time: .*dockerd [\d.]+ ms/,
  ]) {
    t.true(
      lines.some(line => what.test(line)),
      `${what}\n${result.stderr}`,
    );
  }
  t.regex(readFileSync(page, 'utf8'), /<title>docker run --rm busybox/);
  t.is((await engine().docker('trace', 'run', '--rm', 'busybox', 'true')).exitCode, 0);
});

test('a client that sends traceparent finds its trace whole: every span but the first has its parent', async t => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const id = await engine().dockerOk('create', '--name', 'traced', 'busybox', 'true');
  const headers = {traceparent: `00-${traceId}-b7ad6b7169203331-01`};
  t.is((await engine().api.send(`/containers/${id}/start`, {method: 'POST', headers})).status, 204);
  t.is(await engine().dockerOk('wait', 'traced'), '0');
  const hasEnd = async () => {
    const found = await spansOf(engine(), traceId);
    return found.some(({Name}) => Name === 'runc delete') && found.some(({Name}) => Name === 'container exit') && found;
  };
  const spans = await poll(hasEnd, {what: 'the spans of the end'});
  const ids = new Set(spans.map(({ID}) => ID));
  const tops = spans.filter(({ParentID}) => !ids.has(ParentID)).map(({Name}) => Name);
  t.deepEqual(tops, ['POST /containers/{name}/start']);
  t.deepEqual([...new Set(spans.map(({Service}) => Service))].sort(), [
    'containerd',
    'containerd-shim-runc-v2',
    'dockerd',
  ]);
  await engine().dockerOk('rm', 'traced');
});

test('without a sampled header nothing is kept', async t => {
  const traceId = '0af7651916cd43dd8448eb211c80319d';
  const headers = {traceparent: `00-${traceId}-b7ad6b7169203331-00`};
  t.is((await engine().api.send('/info', {headers})).status, 200);
  t.is((await engine().api.send(`/system/traces/${traceId}`)).status, 404);
  t.is((await engine().api.send('/system/traces/nonsense')).status, 400);
});
