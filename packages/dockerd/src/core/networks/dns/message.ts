/** DNS messages (RFC 1035), as far as the embedded server reads and writes them itself. */
import {bytesOfIpv6, parseIpv6} from '../ipv6.ts';

export const recordTypes = {a: 1, ptr: 12, aaaa: 28} as const;
export const responseCodes = {ok: 0, formatError: 1, serverFailure: 2, refused: 5} as const;

const headerSize = 12;
const classInternet = 1;
const isResponse = 0x8000;
const truncated = 0x0200;
const recursionDesired = 0x0100;
const recursionAvailable = 0x0080;
const opcodeMask = 0x7800;
/** Points at the question's name, which follows the header. */
const pointerToQuestion = 0xc000 | headerSize;

export interface Query {
  id: number;
  recursionDesired: boolean;
  /** Lower case, without the final dot; empty for the root. */
  name: string;
  type: number;
  /** The question as it was sent, to be repeated in the answer. */
  question: Buffer;
}

export type Answer = {type: 'a' | 'aaaa'; address: string} | {type: 'ptr'; name: string};

/** Undefined for what is not a standard query with one question of the internet class. */
export function parseQuery(message: Buffer): Query | undefined {
  if (message.length < headerSize) return undefined;
  const flags = message.readUInt16BE(2);
  if (flags & (isResponse | opcodeMask) || message.readUInt16BE(4) !== 1) return undefined;
  const name = readName(message, headerSize);
  if (!name || message.length < name.end + 4 || message.readUInt16BE(name.end + 2) !== classInternet) return undefined;
  return {
    id: message.readUInt16BE(0),
    recursionDesired: (flags & recursionDesired) !== 0,
    name: name.text.toLowerCase(),
    type: message.readUInt16BE(name.end),
    question: message.subarray(headerSize, name.end + 4),
  };
}

/** An answer of ours, not marked as authoritative, as Docker's is not. `ttl` in seconds. */
export function formatAnswer(query: Query, code: number, answers: readonly Answer[], ttl: number): Buffer {
  const header = Buffer.alloc(headerSize);
  const flags = isResponse | recursionAvailable | code;
  header.writeUInt16BE(query.id, 0);
  header.writeUInt16BE(flags | (query.recursionDesired ? recursionDesired : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, query.question, ...answers.map(answer => formatRecord(answer, ttl))]);
}

/** The code of a response, or undefined when it does not belong to a query with this id. */
export function responseCode(message: Buffer, id: number): number | undefined {
  if (message.length < headerSize || message.readUInt16BE(0) !== id) return undefined;
  const flags = message.readUInt16BE(2);
  return flags & isResponse ? flags & 0x000f : undefined;
}

/** The head and question of a response that does not fit, with the bit that makes the client ask again by TCP. */
export function truncate(response: Buffer, query: Query): Buffer {
  const short = Buffer.concat([response.subarray(0, headerSize), query.question]);
  short.writeUInt16BE(short.readUInt16BE(2) | truncated, 2);
  short.fill(0, 6, headerSize);
  return short;
}

function formatRecord(answer: Answer, ttl: number): Buffer {
  const data = answer.type === 'ptr' ? formatName(answer.name) : formatAddress(answer.address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(pointerToQuestion, 0);
  head.writeUInt16BE(recordTypes[answer.type], 2);
  head.writeUInt16BE(classInternet, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function formatAddress(address: string): Buffer {
  const v6 = parseIpv6(address);
  return v6 === undefined ? Buffer.from(address.split('.').map(Number)) : bytesOfIpv6(v6);
}

function formatName(name: string): Buffer {
  const labels = name.split('.').filter(label => label !== '');
  const parts = labels.map(label => {
    const bytes = Buffer.from(label).subarray(0, 63);
    return Buffer.concat([Buffer.of(bytes.length), bytes]);
  });
  return Buffer.concat([...parts, Buffer.of(0)]);
}

/** A question's name is never compressed. */
function readName(message: Buffer, start: number): {text: string; end: number} | undefined {
  const labels: string[] = [];
  for (let at = start; at < message.length; ) {
    const length = message[at] as number;
    if (length === 0) return {text: labels.join('.'), end: at + 1};
    if (length > 63 || at - start > 255 || at + 1 + length > message.length) return undefined;
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return undefined;
}
