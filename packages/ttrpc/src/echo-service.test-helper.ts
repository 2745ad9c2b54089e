/** A service with a method of each kind, and a client and server of it over a real unix socket. For tests. */
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer, type Server} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import type {ExecutionContext} from 'ava';
import {dial} from './dial.ts';
import {TtrpcServer, type TtrpcServerOptions} from './server.ts';
import type {ServiceHandlers} from './service-types.ts';

const unary = {requestType: Any, responseType: Any, requestStream: false, responseStream: false} as const;

export const EchoDefinition = {
  name: 'Echo',
  fullName: 'longshore.test.Echo',
  methods: {
    echo: {...unary, name: 'Echo'},
    count: {...unary, name: 'Count', responseStream: true},
    collect: {...unary, name: 'Collect', requestStream: true},
    chat: {...unary, name: 'Chat', requestStream: true, responseStream: true},
    absent: {...unary, name: 'Absent'},
  },
} as const;

export type EchoHandlers = ServiceHandlers<typeof EchoDefinition>;

export const echoHandlers: EchoHandlers = {
  echo: async (_ctx, request) => request,
  async *count(_ctx, request) {
    for (let i = 0; i < Number(request.typeUrl); i++) yield {typeUrl: String(i)};
  },
  async collect(_ctx, requests) {
    let text = '';
    for await (const {typeUrl} of requests) text += typeUrl;
    return {typeUrl: text};
  },
  async *chat(_ctx, requests) {
    for await (const {typeUrl} of requests) yield {typeUrl: `you said ${typeUrl}`};
  },
};

export interface TestServer {
  path: string;
  listener: Server;
  server: TtrpcServer;
}

export async function startServer(
  t: ExecutionContext,
  handlers: EchoHandlers = echoHandlers,
  options: TtrpcServerOptions = {},
): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'ttrpc-'));
  const path = join(directory, 's');
  const listener = createServer();
  const server = new TtrpcServer(options);
  server.register(EchoDefinition, handlers);
  server.attach(listener);
  await new Promise<void>(resolve => listener.listen(path, resolve));
  t.teardown(() => {
    server.close();
    rmSync(directory, {recursive: true, force: true});
  });
  return {path, listener, server};
}

export async function connectClient(t: ExecutionContext, path: string, onClose?: () => void) {
  const client = await dial(path, onClose ? {onClose} : {});
  t.teardown(() => client.close());
  return {client, echo: client.service(EchoDefinition)};
}
