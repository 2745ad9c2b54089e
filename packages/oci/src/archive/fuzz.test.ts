/**
 * Damaged archives: whatever is wrong with one, the answer is an error of ours or what could be read. The damage is the
 * same in every run; more of it with LONGSHORE_LONG=1.
 */
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync, zstdCompressSync} from 'node:zlib';
import {EngineError} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {digestOf, readImageArchive, readTar} from '../index.ts';

const rounds = process.env.LONGSHORE_LONG === '1' ? 5000 : 400;

/** Numbers that look random and are not. */
function generator(seed: number): (limit: number) => number {
  let count = 0;
  return limit => {
    const bytes = createHash('sha256').update(`${seed}/${count++}`).digest();
    return bytes.readUInt32LE(0) % limit;
  };
}

/** An OCI layout by GNU tar, with long names, links, PAX records, a sparse file and a nested index. */
function archive(t: ExecutionContext, format: string): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'ls-fuzz-'));
  t.teardown(() => rmSync(directory, {recursive: true}));
  const members = ['oci-layout', 'index.json', 'link', 'sparse', 'n'.repeat(200)];
  const write = (name: string, data: string | Buffer) => writeFileSync(join(directory, name), data);
  const blob = (mediaType: string, value: object | Buffer) => {
    const data = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify({schemaVersion: 2, mediaType, ...value}));
    const digest = digestOf(data);
    write(digest.slice(7), data);
    members.push(digest.slice(7));
    return {mediaType, digest, size: data.length};
  };
  const oci = (kind: string) => `application/vnd.oci.image.${kind}.v1+json`;
  const layer = blob('application/vnd.oci.image.layer.v1.tar', Buffer.alloc(3000, 7));
  const config = blob(oci('config'), {os: 'linux', architecture: 'amd64', rootfs: {type: 'layers', diff_ids: []}});
  const manifest = blob(oci('manifest'), {config, layers: [layer]});
  const inner = blob(oci('index'), {manifests: [manifest]});
  write('index.json', JSON.stringify({schemaVersion: 2, manifests: [inner, manifest]}));
  write('oci-layout', '{"imageLayoutVersion":"1.0.0"}');
  write('n'.repeat(200), 'long');
  write('sparse', 'x');
  truncateSync(join(directory, 'sparse'), 100_000);
  symlinkSync('index.json', join(directory, 'link'));
  const rename = '--transform=s,^\\([0-9a-f]\\{64\\}\\)$,blobs/sha256/\\1,';
  const options = ['-C', directory, '-S', `--format=${format}`, rename, '-cf', '-'];
  return execFileSync('tar', [...options, ...members], {maxBuffer: 1 << 24});
}

/** Cut, with other bytes here and there, with a piece twice, or a number in place of another. */
function damaged(whole: Buffer, random: (limit: number) => number): Buffer {
  const bytes = Buffer.from(whole);
  const kind = random(4);
  if (kind === 0) return bytes.subarray(0, random(bytes.length));
  if (kind === 1) {
    const [from, to] = [random(bytes.length), random(bytes.length)];
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  }
  for (let i = 0; i <= random(kind === 2 ? 3 : 40); i++) {
    const block = random(Math.ceil(bytes.length / 512)) * 512;
    const at = Math.min(bytes.length - 1, block + (kind === 2 ? 124 + random(12) : random(512)));
    bytes[at] = kind === 2 ? 48 + random(10) : random(256);
    fixChecksum(bytes, block);
  }
  return bytes;
}

/** A header that is damaged elsewhere shall get past its checksum. */
function fixChecksum(bytes: Buffer, block: number): void {
  const header = bytes.subarray(block, block + 512);
  if (header.length < 512 || !header.subarray(257, 262).equals(Buffer.from('ustar'))) return;
  header.fill(0x20, 148, 156);
  header.write(
    `${header
      .reduce((a, b) => a + b)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
}

async function* pieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 1999) yield bytes.subarray(at, at + 1999);
}

async function readMembers(bytes: Buffer): Promise<void> {
  for await (const {body} of readTar(pieces(bytes))) for await (const part of body) if (part.length === 0) return;
}

async function readImages(bytes: Buffer): Promise<void> {
  await readImageArchive(pieces(bytes), {
    async put(body, expected) {
      const parts: Buffer[] = [];
      for await (const part of body) parts.push(Buffer.from(part));
      const digest = digestOf(Buffer.concat(parts));
      if (expected.digest && expected.digest !== digest) throw new EngineError('data-loss', 'wrong digest');
      return {digest};
    },
  });
}

for (const format of ['pax', 'gnu']) {
  test(`a damaged ${format} archive gives an error of ours, or what it holds`, async t => {
    t.timeout(rounds * 1000);
    const whole = archive(t, format);
    await readImages(whole);
    const random = generator(format.length * 7 + format.charCodeAt(0));
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      const bytes = damaged(whole, random);
      const packed = [bytes, gzipSync(bytes, {level: 1}), zstdCompressSync(bytes)][round % 3] as Buffer;
      const given = round % 5 === 0 ? damaged(packed, random) : packed;
      for (const read of round % 3 === 0 ? [readMembers, readImages] : [readImages]) {
        try {
          await read(given);
        } catch (error) {
          refused++;
          if (!(error instanceof EngineError)) t.fail(`round ${round}: ${(error as Error).stack}`);
        }
      }
    }
    t.true(refused > rounds / 4, `${refused} were refused`);
  });
}
