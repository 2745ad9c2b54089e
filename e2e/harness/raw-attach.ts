/** Connections that the Engine API hands over: attach, exec and websockets, without any client of Docker. */
import {randomBytes} from 'node:crypto';
import {type IncomingMessage, request} from 'node:http';
import type {Socket} from 'node:net';
import type {Engine} from '@longshore/testing';

export interface Handover {
  response: IncomingMessage;
  socket: Socket;
  /** What came with the head. */
  head: Buffer;
}

/** Sends a request with an upgrade and gives the connection; throws the answer when it is refused. */
export function upgrade(
  engine: Engine,
  path: string,
  {method = 'POST', headers, body}: {method?: string; headers?: Record<string, string>; body?: string} = {},
): Promise<Handover> {
  const standard = {Connection: 'Upgrade', Upgrade: 'tcp'};
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{socketPath: engine.paths.dockerSocket, agent: false, path, method},
      headers: {...standard, ...(body ? {'Content-Type': 'application/json'} : {}), ...headers},
    });
    sent.once('error', reject);
    sent.once('upgrade', (response, socket, head) => resolve({response, socket: socket as Socket, head}));
    sent.once('response', response => {
      response.setEncoding('utf8');
      let text = '';
      response.on('data', piece => (text += piece));
      response.on('end', () => reject(new Error(`${response.statusCode}: ${text}`)));
    });
    sent.end(body);
  });
}

/** Everything until the other side ends. */
export async function readAll({socket, head}: Handover): Promise<Buffer> {
  const pieces = [head];
  for await (const piece of socket) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** The texts of Docker's frames by stream: 1 is stdout, 2 is stderr. */
export function demultiplex(data: Buffer): Record<number, string> {
  const texts: Record<number, string> = {};
  for (let at = 0; at + 8 <= data.length; ) {
    const size = data.readUInt32BE(at + 4);
    const stream = data[at] as number;
    texts[stream] = (texts[stream] ?? '') + data.toString('utf8', at + 8, at + 8 + size);
    at += 8 + size;
  }
  return texts;
}

export function openWebsocket(engine: Engine, path: string): Promise<Handover> {
  const headers = {
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
  return upgrade(engine, path, {method: 'GET', headers});
}

/** A frame of a client, shorter than 126 bytes. */
export function websocketFrame(opcode: number, text: string): Buffer {
  const mask = randomBytes(4);
  const data = Buffer.from(text).map((byte, i) => byte ^ (mask[i & 3] as number));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | data.length]), mask, data]);
}

/** The texts of data frames of a server, and the code of the close frame. */
export function websocketMessages(data: Buffer): {text: string; closeCode: number | undefined} {
  let text = '';
  let closeCode: number | undefined;
  for (let at = 0; at + 2 <= data.length; ) {
    const short = (data[at + 1] as number) & 0x7f;
    const size = short === 126 ? data.readUInt16BE(at + 2) : short;
    const start = at + (short === 126 ? 4 : 2);
    const opcode = (data[at] as number) & 15;
    if (opcode === 8) closeCode = data.readUInt16BE(start);
    else if (opcode < 8) text += data.toString('utf8', start, start + size);
    at = start + size;
  }
  return {text, closeCode};
}
