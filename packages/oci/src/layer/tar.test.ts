import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {readTar, type TarEntry, tarEnd, tarEntry, tarHeader, tarPadding, writeTar} from '../index.ts';

type Read = {entry: TarEntry; name: string; body: string};

/** Pieces of a size that cuts through headers, bodies and padding alike. */
async function* pieces(archive: Uint8Array, size = 333) {
  for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
}

async function readAll(archive: Uint8Array, size?: number): Promise<Read[]> {
  const all: Read[] = [];
  for await (const {entry, body} of readTar(pieces(archive, size))) {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part.slice());
    all.push({entry, name: entry.name.toString(), body: Buffer.concat(parts).toString('latin1')});
  }
  return all;
}

function member(entry: TarEntry, body = Buffer.alloc(0)): Buffer {
  return Buffer.concat([tarHeader({...entry, size: body.length}), body, tarPadding(body.length)]);
}

/** A header changed after the fact, its checksum made right again. */
function patched(header: Buffer, change: (block: Buffer) => void): Buffer {
  const block = Buffer.from(header);
  change(block);
  block.fill(0x20, 148, 156);
  block.write(
    `${block
      .reduce((a, b) => a + b)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

function tempDir(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'ls-oci-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  return dir;
}

test('what is written is read again, whatever the pieces', async t => {
  const long = `${'d/'.repeat(100)}ü${'x'.repeat(80)}`;
  const entries: [TarEntry, string][] = [
    [tarEntry('directory', 'd/', {mode: 0o1777, mtime: 1_600_000_000_123_456_789n}), ''],
    [tarEntry('file', 'd/a', {uid: 4_000_000_000, gid: 5, mode: 0o4755, mtime: -5_500_000_000n}), 'x'.repeat(1000)],
    [tarEntry('file', long), 'y'.repeat(512)],
    [tarEntry('link', 'd/hard', {linkName: Buffer.from(long)}), ''],
    [tarEntry('symlink', 'd/soft', {linkName: Buffer.from('../ä')}), ''],
    [tarEntry('character', 'd/null', {devMajor: 1, devMinor: 3}), ''],
    [tarEntry('block', 'd/sda', {devMajor: 259, devMinor: 1_048_575}), ''],
    [tarEntry('fifo', 'd/pipe'), ''],
    [tarEntry('file', Buffer.from([0x64, 0x2f, 0xff, 0xfe])), 'not utf-8'],
    [tarEntry('file', 'cap', {xattrs: new Map([['security.capability', Buffer.from([1, 0, 0, 2, 10, 61])]])}), ''],
  ];
  const members = entries.map(([entry, body]) => ({entry: {...entry, size: body.length}, body: [Buffer.from(body)]}));
  const parts: Uint8Array[] = [];
  for await (const part of writeTar(members)) parts.push(part);
  const archive = Buffer.concat(parts);
  for (const size of [1, 100, 511, 512, 513, 1 << 20]) {
    const read = await readAll(archive, size);
    t.deepEqual(
      read.map(r => r.entry),
      members.map(m => m.entry),
      `${size}`,
    );
    t.deepEqual(
      read.map(r => r.body),
      entries.map(([, body]) => body),
      `${size}`,
    );
  }
});

test('GNU tar reads what is written', async t => {
  const long = `${'d/'.repeat(100)}long`;
  const archive = Buffer.concat([
    member(tarEntry('file', long, {mtime: 1_600_000_000_500_000_000n, uid: 1234, gid: 4321}), Buffer.from('hello')),
    member(tarEntry('symlink', 'soft', {linkName: Buffer.from(long)})),
    tarEnd(),
  ]);
  const listing = execFileSync('tar', ['--numeric-owner', '--full-time', '-tvf', '-'], {
    input: archive,
    env: {...process.env, TZ: 'UTC'},
  }).toString();
  t.regex(listing, /^-rw-r--r-- 1234\/4321 +5 2020-09-13 12:26:40\.5 (d\/){100}long$/m);
  t.regex(listing, /soft -> (d\/){100}long$/m);
});

for (const format of ['v7', 'ustar', 'gnu', 'pax', 'oldgnu']) {
  test(`reads GNU tar's ${format} archives`, async t => {
    const dir = tempDir(t);
    const deep = format === 'v7' ? 'some/deep' : 'some-directory-with-a-name/'.repeat(format === 'ustar' ? 3 : 4);
    execFileSync('sh', ['-c', `mkdir -p ${deep} && echo hi > ${deep}/file && ln ${deep}/file hard && ln -s x soft`], {
      cwd: dir,
    });
    const archive = execFileSync('tar', [`--format=${format}`, '--numeric-owner', '-cf', '-', '.'], {cwd: dir});
    const read = await readAll(archive);
    const files = read.filter(r => r.entry.type === 'file' || r.entry.type === 'link');
    t.deepEqual(files.map(r => r.body).sort(), ['', 'hi\n']);
    t.true(files.some(r => r.name.endsWith(`${deep.replace(/\/$/, '')}/file`)));
    t.is(read.find(r => r.name === './soft')?.entry.linkName.toString(), 'x');
    t.is(read.find(r => r.name === './')?.entry.type, 'directory');
  });
}

for (const format of [
  'gnu',
  'posix --sparse-version=0.0',
  'posix --sparse-version=0.1',
  'posix --sparse-version=1.0',
]) {
  test(`reads sparse files, ${format}`, async t => {
    const dir = tempDir(t);
    const pieces = 60; // more than one GNU extension block
    const expected = Buffer.alloc(pieces * 65_536 + 100_000);
    const script = ['truncate', '-s', String(expected.length), 'sparse'];
    execFileSync(script[0] ?? '', script.slice(1), {cwd: dir});
    for (let i = 0; i < pieces; i++) {
      expected.write(`piece ${i}`, i * 65_536 + 7);
      execFileSync('dd', [`of=${dir}/sparse`, 'bs=1', `seek=${i * 65_536 + 7}`, 'conv=notrunc', 'status=none'], {
        input: `piece ${i}`,
      });
    }
    writeFileSync(join(dir, 'zz'), 'after');
    const args = [...`--format=${format}`.split(' '), '-S', '-cf', '-', 'sparse', 'zz'];
    const archive = execFileSync('tar', args, {cwd: dir, maxBuffer: 64 << 20});
    t.true(archive.length < expected.length / 2);
    const read = await readAll(archive, 7000);
    t.deepEqual(
      read.map(r => [r.name, r.entry.size]),
      [
        ['sparse', expected.length],
        ['zz', 5],
      ],
    );
    t.true(Buffer.from(read[0]?.body ?? '', 'latin1').equals(expected));
    t.is(read[1]?.body, 'after');
  });
}

test('base-256 numbers, negative times, long GNU names', async t => {
  const base = tarHeader(tarEntry('file', 'x'));
  const big = patched(base, block => {
    block.fill(0, 108, 116);
    block[108] = 0x80;
    block.writeUInt32BE(3_000_000_000, 112);
    block.fill(0xff, 136, 148); // mtime -1
  });
  const [read] = await readAll(Buffer.concat([big, tarEnd()]));
  t.is(read?.entry.uid, 3_000_000_000);
  t.is(read?.entry.mtime, -1_000_000_000n);
});

test('an archive may end without end marks, and anything may follow them', async t => {
  const file = member(tarEntry('file', 'a'), Buffer.from('1'));
  t.is((await readAll(file)).length, 1);
  t.is((await readAll(Buffer.concat([file, Buffer.alloc(512)]))).length, 1);
  t.is((await readAll(Buffer.concat([file, tarEnd(), Buffer.from('garbage'), file]))).length, 1);
  t.is((await readAll(Buffer.alloc(0))).length, 0);
});

test('members that are not read are passed over', async t => {
  const archive = Buffer.concat([
    member(tarEntry('file', 'a'), Buffer.alloc(5000, 1)),
    member(tarEntry('file', 'b'), Buffer.alloc(5000, 2)),
    member(tarEntry('file', 'c'), Buffer.from('c')),
    tarEnd(),
  ]);
  const seen: string[] = [];
  for await (const {entry, body} of readTar(pieces(archive, 100))) {
    seen.push(entry.name.toString());
    if (entry.name.toString() === 'b') for await (const _ of body) break;
  }
  t.deepEqual(seen, ['a', 'b', 'c']);
});

const record = (text: string) => {
  let length = text.length + 2;
  while (String(length).length + 1 + text.length + 1 !== length) length++;
  return `${length} ${text}\n`;
};
const pax = (body: string) => {
  const header = patched(tarHeader(tarEntry('file', 'pax', {size: body.length})), block => block.write('x', 156));
  return Buffer.concat([header, Buffer.from(body, 'latin1'), tarPadding(body.length)]);
};
const plain = member(tarEntry('file', 'f'), Buffer.from('data'));
const header = tarHeader(tarEntry('file', 'f', {size: 4}));
const hostile: [name: string, archive: Buffer, message: RegExp][] = [
  ['a cut header', plain.subarray(0, 300), /ends in the middle/],
  ['a cut body', plain.subarray(0, 514), /ends in the middle/],
  ['a wrong checksum', Buffer.concat([patched(header, () => {}).fill(0x41, 0, 3), tarEnd()]), /checksum/],
  ['garbage', Buffer.alloc(2048, 0xa5), /checksum|number/],
  ['a size that is no number', patched(header, b => b.write('zz', 124)), /octal/],
  ['a negative size', patched(header, b => b.fill(0xff, 124, 136)), /out of range/],
  ['a size beyond 2^63', patched(header, b => b.fill(0x7f, 125, 136).fill(0x80, 124, 125)), /out of range/],
  ['an unknown type', patched(header, b => b.write('Q', 156)), /unknown type/],
  ['a member after one end mark', Buffer.concat([plain, Buffer.alloc(512), plain]), /after|follows/],
  ['an extended header with nothing after it', Buffer.concat([pax(record('path=x')), tarEnd()]), /after an extended/],
  ['an extended header at the very end', pax(record('path=x')), /middle/],
  ['a record without length', Buffer.concat([pax('path=x\n'), plain]), /without length/],
  ['a record with a wrong length', Buffer.concat([pax('99 path=x\n'), plain]), /wrong length/],
  ['a record of length 0', Buffer.concat([pax('0 path=x\n'), plain]), /wrong length/],
  ['a record without =', Buffer.concat([pax(record('path')), plain]), /without "="/],
  ['a name with NUL', Buffer.concat([pax(record('path=a\0b')), plain]), /NUL/],
  ['a PAX size that is no number', Buffer.concat([pax(record('size=1e9')), plain]), /not a number/],
  ['a negative PAX size', Buffer.concat([pax(record('size=-1')), plain]), /out of range/],
  ['a PAX owner of 2^32', Buffer.concat([pax(record('uid=4294967296')), plain]), /out of range/],
  ['a PAX time that is no number', Buffer.concat([pax(record('mtime=x')), plain]), /not a number/],
  [
    'a huge extended header',
    patched(tarHeader(tarEntry('file', 'p', {size: 1 << 21})), b => b.write('x', 156)),
    /has 2097152/,
  ],
  [
    'a huge long name',
    patched(tarHeader(tarEntry('file', 'p', {size: 1 << 30})), b => b.write('L', 156)),
    /has 1073741824/,
  ],
  [
    'a sparse map out of range',
    Buffer.concat([pax(record('GNU.sparse.map=0,9') + record('GNU.sparse.size=4')), plain]),
    /range/,
  ],
  [
    'a sparse map out of order',
    Buffer.concat([pax(record('GNU.sparse.map=9,2,0,2') + record('GNU.sparse.size=99')), plain]),
    /order/,
  ],
  [
    'a sparse map of other length',
    Buffer.concat([pax(record('GNU.sparse.map=0,2') + record('GNU.sparse.size=99')), plain]),
    /sparse map has 2/,
  ],
  ['an odd sparse map', Buffer.concat([pax(record('GNU.sparse.map=0') + record('GNU.sparse.size=99')), plain]), /odd/],
  [
    'an unknown sparse format',
    Buffer.concat([pax(record('GNU.sparse.major=3') + record('GNU.sparse.map=')), plain]),
    /unknown/,
  ],
];

for (const [name, archive, message] of hostile) {
  test(`refuses ${name}`, async t => {
    for (const size of [97, 1 << 20]) {
      const error = await t.throwsAsync(readAll(archive, size), {message});
      t.is(codeOf(error), 'invalid-argument');
    }
  });
}

test('links and devices have no body, whatever their header says', async t => {
  const link = patched(tarHeader(tarEntry('link', 'l', {linkName: Buffer.from('f')})), b =>
    b.write('00000000777', 124),
  );
  const read = await readAll(Buffer.concat([link, plain, tarEnd()]));
  t.deepEqual(
    read.map(r => [r.name, r.entry.size]),
    [
      ['l', 0],
      ['f', 4],
    ],
  );
});

test('global records are defaults for all members', async t => {
  const global = patched(pax(record('mtime=7')), () => {});
  global.write('g', 156);
  global.fill(0x20, 148, 156);
  const sum = global.subarray(0, 512).reduce((a, b) => a + b);
  global.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const read = await readAll(Buffer.concat([global, plain, pax(record('mtime=9')), plain, plain, tarEnd()]));
  t.deepEqual(
    read.map(r => r.entry.mtime),
    [7_000_000_000n, 9_000_000_000n, 7_000_000_000n],
  );
});
