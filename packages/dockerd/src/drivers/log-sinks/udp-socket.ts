/** Datagrams to one collector. */
import {createSocket, type Socket} from 'node:dgram';
import {lookup} from 'node:dns/promises';
import {EngineError, messageOf} from '@longshore/errdefs';

export class UdpSocket {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #port: number;

  private constructor(socket: Socket, address: string, port: number) {
    this.#socket = socket;
    this.#address = address;
    this.#port = port;
    socket.unref();
    // A collector that is away answers by ICMP: as with any datagram nobody is told.
    socket.on('error', () => {});
  }

  /** Throws for a name that cannot be looked up; whether somebody listens is not known. */
  static async open(host: string, port: number): Promise<UdpSocket> {
    const {address, family} = await lookup(host).catch(error => {
      throw new EngineError('unavailable', `dial udp: lookup ${host}: ${messageOf(error)}`, {cause: error});
    });
    return new UdpSocket(createSocket(family === 6 ? 'udp6' : 'udp4'), address, port);
  }

  /** Resolves when the kernel has taken it. Throws when it is too large. */
  send(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(data, this.#port, this.#address, error => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    this.#socket.close();
  }
}
