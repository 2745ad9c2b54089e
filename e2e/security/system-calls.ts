/**
 * A program of a few bytes that tries system calls by their numbers, for images that have no compiler: the filter of a
 * container answers EPERM or ENOSYS before the kernel looks at the arguments, which are nonsense.
 */

/** A call with its first two arguments; all others are -1. */
export interface SystemCall {
  name: string;
  number: number;
  first?: number;
  second?: number;
}

/**
 * These would end or stop the program (exit, pause, ...), split it (fork), wait for disks (sync), or leave something in the
 * IPC namespace (msgget), whatever their arguments are.
 */
const unwanted = new Set([15, 34, 57, 58, 60, 68, 153, 162, 231]);
/** The last of Linux 6.12 on x86-64. */
const last = 466;
const socket = 41;
const unshare = 272;
const personality = 135;

export const systemCalls: readonly SystemCall[] = [
  ...Array.from({length: last + 1}, (_, number) => ({name: `call ${number}`, number})).filter(
    // 335 to 423 are numbers of other machines.
    ({number}) => !unwanted.has(number) && (number < 335 || number > 423),
  ),
  {name: 'socket of VM sockets', number: socket, first: 40, second: 1},
  {name: 'socket of cryptography', number: socket, first: 38, second: 5},
  {name: 'socket of netlink', number: socket, first: 16, second: 3},
  {name: 'personality without randomized addresses', number: personality, first: 0x0040000},
  {name: 'unshare a user namespace', number: unshare, first: 0x10000000},
];

const entrySize = 16;
const headerSize = 64 + 56;
const address = 0x400000;

/** An executable for x86-64 that writes the table with the results to its standard output. */
export function systemCallProgram(calls: readonly SystemCall[] = systemCalls): Buffer {
  const code = machineCode(calls.length);
  const table = Buffer.alloc(calls.length * entrySize);
  for (const [index, {number, first = -1, second = -1}] of calls.entries()) {
    for (const [at, value] of [number, first, second, 0].entries())
      table.writeInt32LE(value, index * entrySize + at * 4);
  }
  return Buffer.concat([elfHeader(headerSize + code.length + table.length), code, table]);
}

/** What the program wrote, as hexadecimal digits, → the result of each call; negative is an error number. */
export function readResults(digits: string, calls: readonly SystemCall[] = systemCalls): Map<string, number> {
  const table = Buffer.from(digits, 'hex');
  if (table.length !== calls.length * entrySize) throw new Error(`the program wrote ${table.length} bytes`);
  return new Map(calls.map(({name}, index) => [name, table.readInt32LE(index * entrySize + 12)]));
}

function machineCode(count: number): Buffer {
  const loop = [
    ...[0x8b, 0x03], // mov eax, [rbx]
    ...[0x48, 0x63, 0x7b, 0x04], // movsxd rdi, [rbx+4]
    ...[0x48, 0x63, 0x73, 0x08], // movsxd rsi, [rbx+8]
    ...[0x48, 0x83, 0xca, 0xff], // or rdx, -1
    ...[0x49, 0x89, 0xd2], // mov r10, rdx
    ...[0x49, 0x89, 0xd0], // mov r8, rdx
    ...[0x49, 0x89, 0xd1], // mov r9, rdx
    ...[0x0f, 0x05], // syscall
    ...[0x89, 0x43, 0x0c], // mov [rbx+12], eax
    ...[0x48, 0x83, 0xc3, entrySize], // add rbx, 16
    ...[0x41, 0xff, 0xcc], // dec r12d
  ];
  const start = [...[0x48, 0x8d, 0x1d, 0, 0, 0, 0], ...[0x41, 0xbc, ...int32(count)]]; // lea rbx, table; mov r12d, count
  const back = [0x75, 256 - (loop.length + 2)]; // jnz loop
  const write = [
    ...[0xb8, ...int32(1)], // mov eax, write
    ...[0xbf, ...int32(1)], // mov edi, 1
    ...[0x48, 0x8d, 0x35, 0, 0, 0, 0], // lea rsi, table
    ...[0xba, ...int32(count * entrySize)], // mov edx, length
    ...[0x0f, 0x05],
  ];
  const exit = [0xb8, ...int32(60), 0x31, 0xff, 0x0f, 0x05];
  const code = Buffer.from([...start, ...loop, ...back, ...write, ...exit]);
  const beforeWrite = start.length + loop.length + back.length;
  code.writeInt32LE(code.length - 7, 3);
  code.writeInt32LE(code.length - (beforeWrite + 17), beforeWrite + 13);
  return code;
}

/** One segment that may be read, written and executed. */
function elfHeader(size: number): Buffer {
  const header = Buffer.alloc(headerSize);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(62, 18); // x86-64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(address + headerSize), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // to be loaded
  header.writeUInt32LE(7, 68);
  for (const at of [80, 88]) header.writeBigUInt64LE(BigInt(address), at);
  for (const at of [96, 104]) header.writeBigUInt64LE(BigInt(size), at);
  header.writeBigUInt64LE(4096n, 112);
  return header;
}

function int32(value: number): number[] {
  return [...new Uint8Array(new Int32Array([value]).buffer)];
}
