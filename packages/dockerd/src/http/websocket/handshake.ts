/** The opening of a websocket connection, RFC 6455 section 4.2. */
import {createHash} from 'node:crypto';
import {HttpError} from '../errors.ts';
import type {ApiReply, ApiRequest, RawConnection} from '../route.ts';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const version = '13';

/** Throws a 400 or 426 for a request that is no handshake. Call it before anything is done for the client. */
export function checkHandshake(request: ApiRequest, reply: ApiReply): void {
  const has = (name: string, token: string) =>
    request
      .header(name)
      .toLowerCase()
      .split(/\s*,\s*/)
      .includes(token);
  if (!has('upgrade', 'websocket') || !has('connection', 'upgrade')) {
    throw new HttpError(400, 'bad request: the client does not ask for a websocket connection');
  }
  if (request.header('sec-websocket-version') !== version) {
    reply.setHeader('Sec-WebSocket-Version', version);
    throw new HttpError(426, `bad request: websocket version ${version} is needed`);
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(request.header('sec-websocket-key'))) {
    throw new HttpError(400, 'bad request: invalid Sec-WebSocket-Key');
  }
}

/** Answers a handshake that has been checked, and takes the connection over. */
export function acceptHandshake(request: ApiRequest, reply: ApiReply): RawConnection {
  const key = request.header('sec-websocket-key');
  return reply.hijack('101 Switching Protocols', {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': createHash('sha1').update(`${key}${guid}`).digest('base64'),
  });
}
