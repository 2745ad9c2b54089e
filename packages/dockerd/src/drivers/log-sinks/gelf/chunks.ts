/** GELF over UDP: messages that do not fit into one datagram. */
import {randomBytes} from 'node:crypto';
import {EngineError} from '@longshore/errdefs';

/** Of a datagram, so that it goes over any network in one piece. */
const maximumDatagram = 1420;
const headerSize = 12;
const maximumChunks = 128;

/** The datagrams of a message. Throws when it is too large for the protocol. */
export function gelfDatagrams(message: Buffer): Buffer[] {
  if (message.length <= maximumDatagram) return [message];
  const room = maximumDatagram - headerSize;
  const count = Math.ceil(message.length / room);
  if (count > maximumChunks) {
    throw new EngineError(
      'invalid-argument',
      `message of ${message.length} bytes needs ${count} chunks, 128 are allowed`,
    );
  }
  const id = randomBytes(8);
  return Array.from({length: count}, (_each, index) => {
    const header = Buffer.concat([Buffer.from([0x1e, 0x0f]), id, Buffer.from([index, count])]);
    return Buffer.concat([header, message.subarray(index * room, (index + 1) * room)]);
  });
}
