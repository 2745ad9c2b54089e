/** Stdio by streams on the shim's socket, as containerd's clients open them. Needs root. */
import {setTimeout as delay} from 'node:timers/promises';
import {Client, credentials} from '@grpc/grpc-js';
import {StreamInit, StreamingDefinition} from '@longshore/api/gen/containerd/services/streaming/v1/streaming';
import {Status} from '@longshore/api/gen/containerd/types/task/task';
import {Data, WindowUpdate} from '@longshore/api/gen/containerd/types/transfer/streaming';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import {AsyncQueue} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import {dial} from '@longshore/ttrpc';
import anyTest, {type ExecutionContext} from 'ava';
import {isRoot, type ShimRig, startRig} from '../shim-rig.test-helper.ts';

const test = isRoot ? anyTest.serial : anyTest.skip;
const id = 'first';

const uri = (rig: ShimRig, name: string, protocol = 'ttrpc') => `${protocol}+unix://${rig.socket}?streaming_id=${name}`;

/** A client's side of a stream. */
class ClientStream {
  readonly #requests: AsyncQueue<Any>;
  readonly #answers: AsyncIterator<Any>;
  readonly #close: () => void;
  allowed = 0;

  private constructor(requests: AsyncQueue<Any>, answers: AsyncIterator<Any>, close: () => void) {
    this.#requests = requests;
    this.#answers = answers;
    this.#close = close;
  }

  /** Opens it and waits until the shim knows it. */
  static async open(rig: ShimRig, name: string, path = rig.socket): Promise<ClientStream> {
    const client = await dial(path);
    const requests = new AsyncQueue<Any>(10_000);
    const answers = client.service(StreamingDefinition).stream(rig.ctx, requests)[Symbol.asyncIterator]();
    const stream = new ClientStream(requests, answers, () => client.close());
    rig.t.teardown(() => client.close());
    stream.send('containerd.services.streaming.v1.StreamInit', StreamInit.encode({id: name}).finish());
    rig.t.regex((await stream.receive())?.typeUrl ?? '', /Empty$/);
    return stream;
  }

  static openGrpc(rig: ShimRig, name: string): ClientStream {
    const client = new Client(`unix:${rig.socket}`, credentials.createInsecure());
    const call = client.makeBidiStreamRequest<Any, Any>(
      '/containerd.services.streaming.v1.Streaming/Stream',
      message => Buffer.from(Any.encode(message).finish()),
      bytes => Any.decode(bytes),
    );
    const requests = new AsyncQueue<Any>(10_000);
    void (async () => {
      for await (const message of requests) call.write(message);
      call.end();
    })();
    const stream = new ClientStream(requests, call[Symbol.asyncIterator]() as AsyncIterator<Any>, () => client.close());
    rig.t.teardown(() => client.close());
    stream.send('containerd.services.streaming.v1.StreamInit', StreamInit.encode({id: name}).finish());
    return stream;
  }

  send(typeUrl: string, value: Uint8Array): void {
    this.#requests.push({typeUrl, value: Buffer.from(value)});
  }

  async receive(): Promise<Any | undefined> {
    const next = await this.#answers.next();
    return next.done ? undefined : next.value;
  }

  window(update: number): void {
    this.send('containerd.types.transfer.WindowUpdate', WindowUpdate.encode({update}).finish());
  }

  /** All of the process's output, or `count` bytes of it; never more than it was allowed. */
  async read(t: ExecutionContext, count = Number.POSITIVE_INFINITY): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    let window = 0;
    while (size < count) {
      if (window === 0) {
        window = 65536;
        this.window(window);
      }
      const message = await this.receive();
      if (!message) break;
      const {data} = Data.decode(message.value);
      window -= data.length;
      t.true(window >= 0, 'no more than is allowed');
      chunks.push(data);
      size += data.length;
    }
    return Buffer.concat(chunks).toString();
  }

  /** Sends input as the shim allows it. */
  async write(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      while (this.allowed === 0) {
        const message = await this.receive();
        if (!message) throw new Error('the shim takes no more input');
        this.allowed += WindowUpdate.decode(message.value).update;
      }
      const data = bytes.subarray(at, at + Math.min(this.allowed, 32768));
      this.send('containerd.types.transfer.Data', Data.encode({data}).finish());
      this.allowed -= data.length;
      at += data.length;
    }
  }

  /** Nothing more is sent. */
  end(): void {
    this.#requests.end();
  }

  /** The connection is gone. */
  cut(): void {
    this.#close();
  }
}

test('input, output and errors of a container', async t => {
  const rig = await startRig(t);
  const [stdin, stdout, stderr] = [uri(rig, 'i'), uri(rig, 'o'), uri(rig, 'e')];
  const input = await ClientStream.open(rig, 'i');
  const output = await ClientStream.open(rig, 'o');
  await rig.create(id, {args: ['sh', '-c', 'echo begin >&2; cat; exit 5']}, {stdin, stdout, stderr});
  t.like(await rig.task.state(rig.ctx, {id}), {stdin, stdout, stderr});
  await rig.task.start(rig.ctx, {id});
  const errors = await ClientStream.open(rig, 'e'); // after the process
  const bytes = Buffer.from(Array.from({length: 60_000}, (_, line) => `line ${line}`).join('\n'));
  const reading = output.read(t);
  await input.write(bytes);
  input.end();
  await rig.task.closeIO(rig.ctx, {id, stdin: true});
  t.is(await reading, bytes.toString());
  t.is(await errors.read(t), 'begin\n');
  t.like(await rig.task.wait(rig.ctx, {id}), {exitStatus: 5});
  await rig.task.delete(rig.ctx, {id});
});

test('an exec with a terminal, and one of which a client is cut off', async t => {
  const rig = await startRig(t);
  await rig.create(id, {args: ['sleep', '1000']});
  await rig.task.start(rig.ctx, {id});
  const [stdin, stdout] = [uri(rig, 'i'), uri(rig, 'o')];
  await rig.exec(id, 'tty', ['sh', '-c', 'read size; stty size; read line; echo $line'], {
    stdin,
    stdout,
    terminal: true,
  });
  const {pid} = await rig.task.start(rig.ctx, {id, execId: 'tty'});
  t.true(pid > 0);
  await rig.task.resizePty(rig.ctx, {id, execId: 'tty', width: 91, height: 31});
  const input = await ClientStream.open(rig, 'i');
  const output = await ClientStream.open(rig, 'o');
  await input.write(Buffer.from('now\n'));
  t.regex(await output.read(t, 12), /31 91/);
  input.cut();
  const second = await ClientStream.open(rig, 'i');
  await second.write(Buffer.from('word\n'));
  t.regex(await output.read(t), /word\r\nword\r\n/);
  t.like(await rig.task.wait(rig.ctx, {id, execId: 'tty'}), {exitStatus: 0});
  await rig.task.delete(rig.ctx, {id, execId: 'tty'});
});

test('a client that is cut off neither ends the process nor loses what it has not read', async t => {
  const rig = await startRig(t);
  const stdout = uri(rig, 'o', 'grpc');
  const script = 'i=0; while [ $i -lt 40000 ]; do i=$((i+1)); echo $i; done';
  await rig.create(id, {args: ['sh', '-c', script]}, {stdout});
  await rig.task.start(rig.ctx, {id});
  const first = await ClientStream.open(rig, 'o');
  first.window(100);
  let text = '';
  while (text.length < 100) text += Data.decode((await first.receive())?.value ?? Buffer.alloc(0)).data;
  t.is(text.length, 100, 'not more than it is allowed');
  t.is(codeOf(await t.throwsAsync(ClientStream.open(rig, 'o'))), 'already-exists');
  first.cut();
  await delay(50);
  t.like(await rig.task.state(rig.ctx, {id}), {status: Status.RUNNING}, 'it waits for a reader');
  const second = ClientStream.openGrpc(rig, 'o');
  t.regex((await second.receive())?.typeUrl ?? '', /Empty$/);
  text += await second.read(t);
  t.is(text, Array.from({length: 40_000}, (_, line) => `${line + 1}\n`).join(''));
  await rig.task.wait(rig.ctx, {id});
  await rig.task.delete(rig.ctx, {id});
});

test('addresses that cannot be served', async t => {
  const rig = await startRig(t);
  const refused: [string, string, RegExp][] = [
    [
      'ttrpc+vsock://2:1024?streaming_id=a',
      'unimplemented',
      /listens on a unix socket, not on vsock: not implemented$/,
    ],
    ['streaming+hvsock:///run/x?streaming_id=a', 'unimplemented', /not on hvsock/],
    [`ttrpc+unix://${rig.root}/other?streaming_id=a`, 'unimplemented', /is not the socket of this shim/],
    [`ttrpc+unix://${rig.socket}`, 'invalid-argument', /has no streaming_id/],
  ];
  for (const [stdout, code, message] of refused) {
    const error = await t.throwsAsync(rig.create(id, {args: ['true']}, {stdout}), {message});
    t.is(codeOf(error), code as ReturnType<typeof codeOf>);
  }
  await rig.create(id, {args: ['sleep', '1000']});
  await rig.task.start(rig.ctx, {id});
  await rig.exec(id, 'e', ['true'], {stderr: 'grpc+vsock://2:1024?streaming_id=a'});
  t.is(codeOf(await t.throwsAsync(rig.task.start(rig.ctx, {id, execId: 'e'}))), 'unimplemented');
});
