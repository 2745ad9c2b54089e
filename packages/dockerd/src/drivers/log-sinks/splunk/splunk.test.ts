import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createServer, type IncomingMessage, type RequestListener} from 'node:http';
import {createServer as createHttps} from 'node:https';
import type {AddressInfo} from 'node:net';
import {gunzipSync} from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import type {LogOptions} from '../../../core/logs/options/values.ts';
import {sampleLogRequest} from '../../file-log/log-request.testing.ts';
import {certificatePath, entry, forever, keyPath} from '../peer.testing.ts';
import {openSplunkSink} from './splunk-sink.ts';

type Got = {method: string; path: string; headers: IncomingMessage['headers']; body: string};

async function collector(t: ExecutionContext, {status = 200, tls = false} = {}) {
  const got: Got[] = [];
  const handle: RequestListener = async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const raw = Buffer.concat(pieces);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
    got.push({method: request.method!, path: request.url!, headers: request.headers, body: body.toString()});
    response.statusCode = status;
    response.end(status === 200 ? '{"text":"Success","code":0}' : 'no');
  };
  const keys = () => ({cert: readFileSync(certificatePath), key: readFileSync(keyPath)});
  const server = tls ? createHttps(keys(), handle) : createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  const {port} = server.address() as AddressInfo;
  return {got, url: `${tls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`};
}

const open = (options: LogOptions, attributes?: Record<string, string>) =>
  openSplunkSink(sampleLogRequest({driver: 'splunk', options: {'splunk-token': 'tok', ...options}, attributes}));

test('inline events as the original sends them', async t => {
  const {got, url} = await collector(t);
  const sink = await open({'splunk-url': url}, {X: 'y z'});
  await sink.send([entry('out\n'), entry('\n', 'stderr')], forever);
  const [check, post] = got;
  t.deepEqual(
    [check?.method, check?.path, check?.headers.authorization],
    ['OPTIONS', '/services/collector/event/1.0', undefined],
  );
  t.deepEqual(
    [post?.method, post?.path, post?.headers.authorization],
    ['POST', '/services/collector/event/1.0', 'Splunk tok'],
  );
  const [first, second] = post!.body.split(/(?<=\})(?=\{"event")/).map(text => JSON.parse(text));
  t.deepEqual(first.event, {line: 'out', source: 'stdout', tag: 'c7d63ca35738', attrs: {X: 'y z'}});
  t.is(first.time, '1795245008.123457');
  t.is(second.event.line, '');
  await sink.close(forever);
});

test('json keeps what is JSON as it is, raw has the tag before the line, and both can be packed', async t => {
  const {got, url} = await collector(t);
  const extra = {'splunk-gzip': 'true', 'splunk-source': 'src', 'splunk-sourcetype': 'st', 'splunk-index': 'ix'};
  for (const format of ['json', 'raw']) {
    const sink = await open({'splunk-url': url, 'splunk-format': format, ...extra});
    await sink.send([entry('{"n":12345678901234567890}\n'), entry(' \n')], forever);
    await sink.close(forever);
  }
  const [json, raw] = got.filter(({method}) => method === 'POST').map(({body}) => body);
  t.true(
    json?.startsWith('{"event":{"line":{"n":12345678901234567890},"source":"stdout","tag":"c7d63ca35738"},"time"'),
  );
  t.true(json?.includes('"event":{"line":" "'));
  const {host: _host, ...event} = JSON.parse(raw!);
  t.deepEqual(event, {
    event: 'c7d63ca35738 {"n":12345678901234567890}',
    time: '1795245008.123457',
    ...{source: 'src', sourcetype: 'st', index: 'ix'},
  });
});

test('https with the certificate of an own authority', async t => {
  const {got, url} = await collector(t, {tls: true});
  const sink = await open({'splunk-url': url, 'splunk-capath': certificatePath});
  await sink.send([entry('out\n')], forever);
  t.is(got.length, 2);
  await sink.close(forever);
  await t.throwsAsync(open({'splunk-url': url}), {message: /certificate/});
});

test('a collector that refuses is an error at the start, unless it is not to be asked', async t => {
  const {url} = await collector(t, {status: 403});
  await t.throwsAsync(open({'splunk-url': url}), {
    message: 'splunk: failed to verify connection - 403 Forbidden - no',
  });
  const sink = await open({'splunk-url': url, 'splunk-verify-connection': 'false'});
  await t.throwsAsync(sink.send([entry('out\n')], AbortSignal.timeout(100)));
  await sink.close(forever);
});
