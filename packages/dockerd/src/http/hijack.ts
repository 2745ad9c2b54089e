/** Taking a connection over for attach and exec, with an upgrade or, as old clients do it, without. */
import type {ClientStreams} from '../core/containers/attach.ts';
import type {StreamName} from '../core/logs/log-entry.ts';
import {frame, frameHeader, multiplexedStreamType, rawStreamType} from './raw-stream.ts';
import type {ApiReply, ApiRequest} from './route.ts';
import type {RawConnection} from './wire/raw-connection.ts';

/** Smaller pieces are copied behind their header: one write instead of two. */
const copyLimit = 4096;

export interface HijackedClient extends ClientStreams {
  readonly connection: RawConnection;
}

/**
 * Sends the head and returns the client's streams. With a terminal the bytes go out as they are; the content type
 * tells, but only those that ask for an upgrade and speak API 1.42 understand more than `raw-stream`.
 * A body with a length is no input: some clients repeat their parameters in it.
 */
export function hijackStreams(request: ApiRequest, reply: ApiReply, tty: boolean): HijackedClient {
  const upgrade = request.header('upgrade') !== '';
  const type = !tty && upgrade && request.version.atLeast('1.42') ? multiplexedStreamType : rawStreamType;
  const connection = upgrade
    ? reply.hijack('101 UPGRADED', {'Content-Type': type, Connection: 'Upgrade', Upgrade: 'tcp'})
    : reply.hijack('200 OK', {'Content-Type': type});
  return {
    connection,
    closed: connection.closed,
    read: async () => ((await skipBody(request)) ? await connection.read() : undefined),
    write: (stream, data) => writePiece(connection, stream, data, tty),
    get pending() {
      return connection.pending;
    },
    drained: () => connection.drained(),
  };
}

/** False when the client leaves in the middle. Chunks stay: who sends some means them as input. */
async function skipBody({body}: ApiRequest): Promise<boolean> {
  return body.length === undefined || (await body.discard(Number.POSITIVE_INFINITY));
}

function writePiece(connection: RawConnection, stream: StreamName, data: Buffer, tty: boolean): void {
  if (tty) connection.write(data);
  else if (data.length <= copyLimit) connection.write(frame(stream, data));
  else {
    connection.write(frameHeader(stream, data.length));
    connection.write(data);
  }
}
