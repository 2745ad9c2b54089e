import {Buffer} from 'node:buffer';
import {EngineError} from '@longshore/errdefs';
import {Errno} from '../errno-names.ts';
import {check, errorText, retryInterrupted, SystemCallError} from '../errors.ts';
import {closeFd} from '../fd.ts';
import {bind, errno, type Pointer} from '../libc.ts';
import {POLLIN, pollFd} from '../poll.ts';
import {
  align4,
  attributeText,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
} from './codec.ts';

const nativeSocket = bind<[domain: number, type: number, protocol: number]>('socket', 'int', 'int', 'int', 'int');
const nativeBind = bind<[fd: number, address: Pointer, size: number]>('bind', 'int', 'int', 'void *', 'uint');
const nativeSetsockopt = bind<[fd: number, level: number, name: number, value: Pointer, size: number]>(
  'setsockopt',
  'int',
  'int',
  'int',
  'int',
  'void *',
  'uint',
);
const nativeSend = bind<
  [fd: number, data: Pointer, size: number, flags: number, address: Pointer, addressSize: number]
>('sendto', 'long', 'int', 'void *', 'size_t', 'int', 'void *', 'uint');
const nativeReceive = bind<
  [fd: number, data: Pointer, size: number, flags: number, address: Pointer, addressSize: Pointer]
>('recvfrom', 'long', 'int', 'void *', 'size_t', 'int', 'void *', 'void *');

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const NLMSGERR_ATTR_MSG = 1;

/** The kernel answers before sendto(2) returns, except while it waits for a lock of its own. */
const answerTimeoutMs = 5000;
/** Dumps come in pieces of at most 32 KiB; a single link with many virtual functions may be larger. */
const receiveSize = 64 * 1024;
/** A table that changes under a dump is read again this many times. */
const dumpAttempts = 8;
/** No answer of ours is larger; more is a kernel gone wrong, not data. */
const dumpMaximum = 200_000;

/** What a request is about, for its error message: `cannot add link "docker0": EEXIST: file exists`. */
export interface RequestName {
  action: string;
  subject?: string;
}

/**
 * A netlink socket of the network namespace in which it was opened. Requests are synchronous: each sends one message
 * and reads answers until its own is complete, a matter of microseconds.
 */
export class NetlinkSocket implements Disposable {
  readonly fd: number;
  #sequence = 0;
  #buffer: Buffer | undefined;
  #closed = false;

  constructor(protocol: number) {
    this.fd = check('open netlink socket', undefined, nativeSocket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    try {
      check('bind netlink socket', undefined, nativeBind(this.fd, kernelAddress(), 12));
      // Errors with the kernel's own words, and without a copy of the request. Old kernels know neither: no matter.
      const on = Buffer.from([1, 0, 0, 0]);
      nativeSetsockopt(this.fd, SOL_NETLINK, NETLINK_EXT_ACK, on, 4);
      nativeSetsockopt(this.fd, SOL_NETLINK, NETLINK_CAP_ACK, on, 4);
    } catch (error) {
      closeFd(this.fd);
      throw error;
    }
  }

  /** Sends a command and waits for its acknowledgement. Answers that come before it are returned. */
  request(name: RequestName, type: number, flags: number, body: Uint8Array): NetlinkMessage[] {
    const sequence = this.#send(name, type, flags | NLM_F_REQUEST | NLM_F_ACK, body);
    return this.#collect(name, sequence).messages;
  }

  /** All entries of a table. */
  dump(name: RequestName, type: number, body: Uint8Array): NetlinkMessage[] {
    for (let attempt = 0; attempt < dumpAttempts; attempt++) {
      const sequence = this.#send(name, type, NLM_F_REQUEST | NLM_F_DUMP, body);
      const {messages, interrupted} = this.#collect(name, sequence);
      if (!interrupted) return messages;
    }
    throw new EngineError(
      'unavailable',
      `cannot ${name.action}: the table changed during each of ${dumpAttempts} attempts`,
    );
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    closeFd(this.fd);
  }

  #send(name: RequestName, type: number, flags: number, body: Uint8Array): number {
    const sequence = ++this.#sequence;
    const message = encodeMessage(type, flags, sequence, body);
    const address = kernelAddress();
    const sent = retryInterrupted(() => nativeSend(this.fd, message, message.length, 0, address, address.length));
    check(name.action, name.subject, sent);
    return sequence;
  }

  /** Reads until the acknowledgement or end of the dump; messages of other sequence numbers are leftovers. */
  #collect(name: RequestName, sequence: number): {messages: NetlinkMessage[]; interrupted: boolean} {
    const messages: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      for (const message of decodeMessages(this.#receive(name))) {
        if (message.sequence !== sequence || message.type === NLMSG_NOOP) continue;
        interrupted ||= (message.flags & NLM_F_DUMP_INTR) !== 0;
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
          throwIfFailed(name, message);
          return {messages, interrupted};
        }
        // The body is a view of the receive buffer, which the next receive overwrites.
        messages.push({...message, body: Buffer.from(message.body)});
        if (messages.length > dumpMaximum)
          throw new EngineError('resource-exhausted', `cannot ${name.action}: too many entries`);
      }
    }
  }

  #receive(name: RequestName): Buffer {
    this.#buffer ??= Buffer.allocUnsafeSlow(receiveSize);
    const buffer = this.#buffer;
    const address = Buffer.alloc(12);
    const addressSize = Buffer.alloc(4);
    const deadline = performance.now() + answerTimeoutMs;
    for (;;) {
      addressSize.writeUInt32LE(12);
      const size = nativeReceive(this.fd, buffer, buffer.length, MSG_DONTWAIT | MSG_TRUNC, address, addressSize);
      // Only port 0 is the kernel; another privileged process could send to this socket too.
      if (size >= 0 && address.readUInt32LE(4) !== 0) continue;
      if (size > buffer.length) throw new EngineError('out-of-range', `cannot ${name.action}: answer of ${size} bytes`);
      if (size >= 0) return buffer.subarray(0, size);
      const number = errno();
      if (number !== Errno.EAGAIN && number !== Errno.EINTR)
        throw new SystemCallError(name.action, number, name.subject);
      const left = deadline - performance.now();
      if (left <= 0) throw new SystemCallError(name.action, Errno.ETIMEDOUT, name.subject);
      pollFd(this.fd, POLLIN, Math.ceil(left));
    }
  }
}

/** struct sockaddr_nl of port 0: as a destination the kernel, for bind(2) any free port. */
function kernelAddress(): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  return address;
}

function throwIfFailed(name: RequestName, message: NetlinkMessage): void {
  const code = message.body.length >= 4 ? -message.body.readInt32LE(0) : 0;
  if (code === 0) return;
  const text = explanation(message);
  throw new SystemCallError(name.action, code, name.subject, text && `${errorText(code)}: ${text}`);
}

/** The kernel's text in an extended acknowledgement, which follows the (perhaps cut) copy of the request. */
function explanation(message: NetlinkMessage): string | undefined {
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return undefined;
  if (message.type === NLMSG_DONE) return attributeText(decodeAttributes(message.body, 4).get(NLMSGERR_ATTR_MSG));
  if (message.body.length < 20) return undefined;
  const copied = (message.flags & NLM_F_CAPPED) !== 0 ? 16 : message.body.readUInt32LE(4);
  return attributeText(decodeAttributes(message.body, 4 + align4(copied)).get(NLMSGERR_ATTR_MSG));
}
