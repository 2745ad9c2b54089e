import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import {promisify} from 'node:util';
import {Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData} from '@grpc/grpc-js';
import {discardLogger, type FinishedSpan} from '@longshore/base';
import test, {type ExecutionContext} from 'ava';
import {openSpanExporter, otlpSettings} from './index.ts';
import {sendSpans} from './json.ts';

const span: FinishedSpan = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: 'c7ad6b7169203331',
  name: 'POST /containers/create',
  service: 'dockerd',
  kind: 'server',
  startNano: 1_795_245_473_000_000_001n,
  endNano: 1_795_245_473_500_000_002n,
  attributes: {job: 'create'},
  error: 'no such image',
};

interface Collected {
  path: string | undefined;
  type: string | undefined;
  key: string | string[] | undefined;
  body: Buffer;
}

/** A collector that keeps what it gets. */
async function collector(t: import('ava').ExecutionContext): Promise<{url: string; requests: Collected[]}> {
  const requests: Collected[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    requests.push({path: request.url, type: request.headers['content-type'], key: request.headers['x-key'], body});
    response.setHeader('Content-Type', 'application/json').end('{}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return {url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests};
}

test('what the variables say', t => {
  t.is(otlpSettings({}), undefined);
  t.is(otlpSettings({OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'true'}), undefined);
  t.is(otlpSettings({OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none'}), undefined);
  t.is(otlpSettings({OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/'})?.url, 'http://c:4318/v1/traces');
  const settings = otlpSettings({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t/own',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, y=z',
    OTEL_RESOURCE_ATTRIBUTES: 'host.name=h',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  });
  t.like(settings, {url: 'http://t/own', protocol: 'http/protobuf', headers: {'x-key': 'a b', y: 'z'}, timeoutMs: 500});
  t.deepEqual(settings?.resource, {'host.name': 'h'});
  const refused = {OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'thrift'};
  t.regex(t.throws(() => otlpSettings(refused)).message, /OTEL_EXPORTER_OTLP_PROTOCOL=thrift is not supported/);
  const grpc = {OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc'};
  t.like(otlpSettings(grpc), {url: 'http://c:4317', protocol: 'grpc'});
});

test.serial("the SDK's exporter sends what it was given, in both forms, at the latest when it is closed", async t => {
  const {url, requests} = await collector(t);
  const before = {...process.env};
  t.teardown(() => {
    process.env = before;
  });
  for (const protocol of ['http/json', 'http/protobuf']) {
    Object.assign(process.env, {OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret'});
    process.env.OTEL_EXPORTER_OTLP_PROTOCOL = protocol;
    const exporter = await openSpanExporter(process.env, 'dockerd', discardLogger());
    exporter?.add(span);
    exporter?.add({...span, service: 'containerd-shim-runc-v2'});
    await exporter?.[Symbol.asyncDispose]();
  }
  const [json, protobuf] = requests;
  t.like(json, {path: '/v1/traces', type: 'application/json', key: 'secret'});
  t.is(protobuf?.type, 'application/x-protobuf');
  t.true(protobuf?.body.includes('POST /containers/create'));
  const {resourceSpans} = JSON.parse(String(json?.body));
  const names = resourceSpans.map((each: {resource: {attributes: {value: {stringValue: string}}[]}}) =>
    each.resource.attributes.map(({value}) => value.stringValue),
  );
  t.deepEqual(names, [['dockerd'], ['containerd-shim-runc-v2']]);
  const [sent] = resourceSpans[0].scopeSpans[0].spans;
  t.like(sent, {traceId: span.traceId, spanId: span.spanId, parentSpanId: span.parentId, name: span.name, kind: 2});
  t.is(String(sent.startTimeUnixNano), '1795245473000000001');
  t.deepEqual(sent.status, {code: 2, message: 'no such image'});
});

/** A collector that speaks gRPC: the bytes of each request, and its metadata `x-key`. */
async function grpcCollector(t: ExecutionContext) {
  const requests: {body: Buffer; key: unknown}[] = [];
  const server = new Server();
  const identity = (bytes: Buffer) => bytes;
  const method = {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  server.addService(
    {export: method},
    {
      export(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
        requests.push({body: call.request, key: call.metadata.get('x-key')[0]});
        done(null, Buffer.alloc(0));
      },
    },
  );
  const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
  t.teardown(() => server.forceShutdown());
  return {url: `http://127.0.0.1:${port}`, requests};
}

test.serial('gRPC is spoken where the protocol says so, by daemons and by the small writer', async t => {
  const {url, requests} = await grpcCollector(t);
  const before = {...process.env};
  t.teardown(() => {
    process.env = before;
  });
  const variables = {OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret'};
  Object.assign(process.env, variables, {OTEL_EXPORTER_OTLP_ENDPOINT: url});
  const exporter = await openSpanExporter(process.env, 'dockerd', discardLogger());
  exporter?.add(span);
  await exporter?.[Symbol.asyncDispose]();
  const settings = otlpSettings(process.env);
  if (!settings) return t.fail();
  await sendSpans(settings, [span]);
  t.is(requests.length, 2);
  for (const {body, key} of requests) {
    t.true(body.includes('POST /containers/create'));
    t.is(key, 'secret');
  }
});

test.serial('the small writer sends the same', async t => {
  const {url, requests} = await collector(t);
  const settings = otlpSettings({OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k'});
  if (!settings) return t.fail();
  await sendSpans(settings, [span]);
  t.like(requests[0], {path: '/v1/traces', type: 'application/json', key: 'k'});
  const [{resource, scopeSpans}] = JSON.parse(String(requests[0]?.body)).resourceSpans;
  t.deepEqual(resource.attributes, [{key: 'service.name', value: {stringValue: 'dockerd'}}]);
  t.like(scopeSpans[0].spans[0], {kind: 2, startTimeUnixNano: '1795245473000000001', status: {code: 2}});
  const unreachable = await t.throwsAsync(sendSpans({...settings, url: 'http://127.0.0.1:1/v1/traces'}, [span]));
  t.regex(unreachable.message, /^cannot send spans to http:\/\/127\.0\.0\.1:1\/v1\/traces: /);
});
