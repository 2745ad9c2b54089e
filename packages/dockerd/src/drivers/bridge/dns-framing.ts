/** DNS over TCP: each message behind its length in two bytes (RFC 1035, 4.2.2). */
import type {Socket} from 'node:net';

export function writeDnsMessage(socket: Socket, message: Buffer): void {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  socket.write(Buffer.concat([length, message]));
}

/** Calls `onMessage` for each whole message. At most one message is held. */
export function readDnsMessages(socket: Socket, onMessage: (message: Buffer) => void): void {
  let buffered: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
      const end = 2 + buffered.readUInt16BE(0);
      onMessage(buffered.subarray(2, end));
      buffered = buffered.subarray(end);
    }
  });
}
