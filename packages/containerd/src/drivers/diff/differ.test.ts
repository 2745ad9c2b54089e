import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {gunzipSync, gzipSync} from 'node:zlib';
import {callContext, discardLogger, withSignal} from '@longshore/base';
import {codeOf, EngineError, type ErrorCode} from '@longshore/errdefs';
import {CLONE_NEWNS, getXattr, MNT_DETACH, makeRprivate, mountAll, setXattr, umount, unshare} from '@longshore/linux';
import {digestOf, mediaTypes} from '@longshore/oci';
import test, {type ExecutionContext} from 'ava';
import type {DiffContent} from '../../core/diff/differ.ts';
import type {Mount} from '../../core/snapshots/snapshotter.ts';
import {file, layer, tempDir} from './apply/fixture.ts';
import {openDiffer} from './open-differ.ts';

unshare(CLONE_NEWNS);
makeRprivate('/');

const ctx = callContext({namespace: 'n'});

/** A content store of files in a directory, and what was stored there with its labels. */
class FileContent implements DiffContent {
  readonly root: string;
  readonly labels = new Map<string, Record<string, string>>();
  aborted = 0;
  /** A slow or failing disk. */
  beforeWrite: () => Promise<void> = async () => {};

  constructor(root: string) {
    this.root = root;
  }

  put(blob: Buffer): string {
    writeFileSync(join(this.root, digestOf(blob)), blob);
    return digestOf(blob);
  }

  read(digest: string): Buffer {
    return readFileSync(join(this.root, digest));
  }

  async blobPath(_ctx: unknown, digest: string): Promise<string> {
    const path = join(this.root, digest);
    if (!existsSync(path)) throw new EngineError('not-found', `content ${digest}: not found`);
    return path;
  }

  async openWriter() {
    const parts: Uint8Array[] = [];
    let committed = false;
    return {
      write: async (chunk: Uint8Array) => {
        await this.beforeWrite();
        parts.push(chunk);
      },
      commit: async (labels: Record<string, string>) => {
        committed = true;
        const blob = Buffer.concat(parts);
        this.labels.set(digestOf(blob), labels);
        return {digest: this.put(blob), size: blob.length};
      },
      [Symbol.asyncDispose]: async () => {
        if (!committed) this.aborted++;
      },
    };
  }
}

// Threads take a while to start: all tests use the same.
const sharedRoot = mkdtempSync(join(tmpdir(), 'ls-differ-'));
const content = new FileContent(sharedRoot);
const differ = openDiffer({content, log: discardLogger(), maxLayerBytes: 64 << 20});
test.after.always(async () => {
  await differ[Symbol.asyncDispose]();
  rmSync(sharedRoot, {recursive: true});
});

const bind = (source: string, access = 'rw'): Mount[] => [
  {type: 'bind', source, target: '', options: ['rbind', access]},
];

function descriptor(mediaType: string, blob: Buffer) {
  return {mediaType, digest: digestOf(blob), size: blob.length, annotations: {}};
}

test('a layer is unpacked in a thread, and the uncompressed descriptor comes back', async t => {
  const tar = layer(file('a', '1'));
  const blob = gzipSync(tar);
  content.put(blob);
  const root = tempDir(t);
  const applied = await differ.apply(ctx, descriptor(mediaTypes.dockerLayerGzip, blob), bind(root), {syncFs: true});
  t.deepEqual(applied, {...descriptor(mediaTypes.dockerLayer, tar)});
  t.is(readFileSync(join(root, 'a'), 'utf8'), '1');
});

test('errors keep their code on the way out of the thread', async t => {
  const bad = layer(file('../x'));
  content.put(bad);
  const refused = async (code: ErrorCode, mounts: Mount[], blob: Buffer, type: string = mediaTypes.ociLayer) => {
    t.is(codeOf(await t.throwsAsync(differ.apply(ctx, descriptor(type, blob), mounts))), code);
  };
  await refused('invalid-argument', bind(tempDir(t)), bad);
  await refused('not-found', bind(tempDir(t)), Buffer.from('absent'));
  await refused('unimplemented', bind(tempDir(t)), bad, 'application/vnd.in-toto+json');
  await refused('failed-precondition', bind(tempDir(t), 'ro'), bad);
  await refused('invalid-argument', [], bad);
  await refused('not-found', bind('/nonexistent'), bad);
  const view = [{type: 'overlay', source: 'overlay', target: '', options: ['lowerdir=/a:/b']}];
  await refused('failed-precondition', view, bad);
});

test.serial('an aborted call stops, and leaves nothing open', async t => {
  const blob = layer(...Array.from({length: 20_000}, (_, i) => file(`d${i % 100}/f${i}`, 'x'.repeat(600))));
  content.put(blob);
  const small = layer(file('a'));
  content.put(small);
  const root = tempDir(t);
  await differ.apply(ctx, descriptor(mediaTypes.ociLayer, small), bind(root)); // the thread is there
  const before = readdirSync('/proc/self/fd').length;
  const abort = new AbortController();
  const call = differ.apply(withSignal(ctx, abort.signal), descriptor(mediaTypes.ociLayer, blob), bind(root));
  void setTimeout(50).then(() => abort.abort());
  t.is(codeOf(await t.throwsAsync(call)), 'canceled');
  t.true(existsSync(join(root, 'd0/f0')));
  t.false(existsSync(join(root, 'd99/f19999')));
  // The thread closes what it has open once it has looked up.
  const open = () => readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 1000 && open() > before + 1; i++) await setTimeout(10);
  t.true(open() <= before + 1);
});

test.serial('the event loop goes on while threads unpack', async t => {
  const blob = layer(...Array.from({length: 5000}, (_, i) => file(`f${i}`, 'x'.repeat(5000))));
  content.put(blob);
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  const roots = [tempDir(t), tempDir(t), tempDir(t)];
  await Promise.all(roots.map(root => differ.apply(ctx, descriptor(mediaTypes.ociLayer, blob), bind(root))));
  clearInterval(timer);
  t.true(turns >= 5, `${turns} turns of the loop while 15,000 files were written`);
  for (const root of roots) t.is(readdirSync(root).length, 5000);
});

/** Everything about a tree that a layer carries. */
function portrait(root: string, below = ''): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const name of readdirSync(join(root, below)).sort()) {
    const path = join(below, name);
    const status = lstatSync(join(root, path), {bigint: true});
    const content = status.isFile()
      ? createHash('md5')
          .update(readFileSync(join(root, path)))
          .digest('hex')
      : status.isSymbolicLink()
        ? readlinkSync(join(root, path))
        : '';
    const note = status.isFile() ? getXattr(join(root, path), 'user.note')?.toString() : '';
    const links = status.isDirectory() ? 0n : status.nlink;
    const times = status.isDirectory() ? 0n : status.mtimeNs;
    all[path] = [status.mode, status.uid, status.gid, status.rdev, times, links, content, note].map(String);
    if (status.isDirectory()) Object.assign(all, portrait(root, path));
  }
  return all;
}

/** An overlay with a base, changed by `change`; what its layer makes of another copy of the base must look the same. */
async function roundTrip(
  t: ExecutionContext,
  change: (root: string) => void,
  mediaType: string = mediaTypes.ociLayer,
): Promise<string[]> {
  const root = tempDir(t);
  for (const name of ['base', 'up', 'work', 'up2', 'work2', 'merged']) mkdirSync(join(root, name));
  fillBase(join(root, 'base'));
  const overlay = (upper: string, work: string): Mount[] => {
    const options = [`workdir=${root}/${work}`, `upperdir=${root}/${upper}`, `lowerdir=${root}/base`, 'index=off'];
    return [{type: 'overlay', source: 'overlay', target: '', options}];
  };
  const shown = (mounts: Mount[], look: (merged: string) => void) => {
    mountAll(mounts, join(root, 'merged'));
    try {
      look(join(root, 'merged'));
    } finally {
      umount(join(root, 'merged'), MNT_DETACH);
    }
  };
  shown(overlay('up', 'work'), change);
  const made = await differ.compare(ctx, bind(join(root, 'base'), 'ro'), overlay('up', 'work'), {mediaType});
  const blob = content.read(made.digest);
  t.is(made.size, blob.length);
  const applied = await differ.apply(ctx, made, overlay('up2', 'work2'));
  t.deepEqual(content.labels.get(made.digest), {'containerd.io/uncompressed': applied.digest});
  let expected: Record<string, unknown> = {};
  shown(overlay('up', 'work'), merged => {
    expected = portrait(merged);
  });
  shown(overlay('up2', 'work2'), merged => t.deepEqual(portrait(merged), expected));
  const tar = mediaType === mediaTypes.ociLayerGzip ? gunzipSync(blob) : blob;
  return mediaType === mediaTypes.ociLayerZstd
    ? []
    : execFileSync('tar', ['-tf', '-', '--quoting-style=literal'], {input: tar}).toString().trim().split('\n');
}

function fillBase(base: string): void {
  mkdirSync(join(base, 'd/e'), {recursive: true});
  for (const name of ['a', 'b', 'd/a', 'd/b', 'd/e/a']) writeFileSync(join(base, name), name);
  linkSync(join(base, 'b'), join(base, 'd/hard'));
  symlinkSync('a', join(base, 'soft'));
  utimesSync(join(base, 'a'), 1_000_000_000, 1_000_000_000);
}

test('nothing changed makes an empty layer', async t => {
  t.deepEqual(await roundTrip(t, () => {}), ['']);
});

test('a layer holds what changed, with its directories, in order', async t => {
  const names = await roundTrip(t, root => {
    writeFileSync(join(root, 'd/e/new'), 'new');
    rmSync(join(root, 'd/a'));
    rmSync(join(root, 'a'));
  });
  t.deepEqual(names, ['.wh.a', 'd/', 'd/.wh.a', 'd/e/', 'd/e/new']);
});

const roundTrips: [name: string, change: (root: string) => void, names: string[]][] = [
  ['content of equal size at an equal time', root => rewrite(join(root, 'a'), 'x'), ['a']],
  ['touched but not changed', root => rewrite(join(root, 'a'), 'a'), []],
  ['mode', root => chmodSync(join(root, 'a'), 0o4711), ['a']],
  ['owner of a directory', root => chownSync(join(root, 'd'), 5, 6), ['d/']],
  ['an attribute', root => setXattr(join(root, 'a'), 'user.note', Buffer.from('x')), ['a']],
  ['a link', root => relink(join(root, 'soft'), 'b'), ['soft']],
  ['a directory removed', root => rmSync(join(root, 'd'), {recursive: true}), ['.wh.d']],
  [
    'a directory renamed',
    root => execFileSync('mv', [join(root, 'd'), join(root, 'z')]),
    ['.wh.d', 'z/', 'z/a', 'z/b', 'z/e/', 'z/e/a', 'z/hard'],
  ],
  ['a directory in place of a file', root => replace(join(root, 'a'), path => mkdirSync(path)), ['a/']],
  ['a file in place of a directory', root => replace(join(root, 'd'), path => writeFileSync(path, 'x')), ['d']],
  [
    'a directory removed and made again',
    root => replace(join(root, 'd'), path => mkdirSync(path)),
    ['d/', 'd/.wh.a', 'd/.wh.b', 'd/.wh.e', 'd/.wh.hard'],
  ],
  [
    'a new pair of hard links',
    root => {
      writeFileSync(join(root, 'n1'), 'n');
      linkSync(join(root, 'n1'), join(root, 'n2'));
    },
    ['n1', 'n2'],
  ],
  [
    'a fifo and a device',
    root => {
      execFileSync('mkfifo', [join(root, 'p')]);
      execFileSync('mknod', [join(root, 'c'), 'c', '1', '3']);
    },
    ['c', 'p'],
  ],
  ['a long name', root => writeFileSync(join(root, `${'x'.repeat(200)}ü`), '1'), [`${'x'.repeat(200)}ü`]],
  ['an empty file', root => writeFileSync(join(root, 'empty'), ''), ['empty']],
  ['a big file', root => writeFileSync(join(root, 'big'), Buffer.alloc(3_000_000, 7)), ['big']],
];

function rewrite(path: string, content: string): void {
  writeFileSync(path, content);
  utimesSync(path, 1_000_000_000, 1_000_000_000);
}

function relink(path: string, target: string): void {
  rmSync(path);
  symlinkSync(target, path);
}

function replace(path: string, make: (path: string) => void): void {
  rmSync(path, {recursive: true});
  make(path);
}

for (const [name, change, names] of roundTrips) {
  test(`round trip: ${name}`, async t => {
    t.deepEqual(await roundTrip(t, change), names.length === 0 ? [''] : names);
  });
}

test('round trip: compressed', async t => {
  const change = (root: string) => writeFileSync(join(root, 'x'), Buffer.alloc(2_000_000, 'abc'));
  t.deepEqual(await roundTrip(t, change, mediaTypes.ociLayerGzip), ['x']);
  await roundTrip(t, change, mediaTypes.ociLayerZstd);
});

test('a file that is linked to an unchanged one stays linked to it', async t => {
  const [left, right, out] = [tempDir(t), tempDir(t), tempDir(t)];
  for (const root of [left, right]) {
    writeFileSync(join(root, 'm'), 'x');
    utimesSync(join(root, 'm'), 1, 1);
  }
  linkSync(join(right, 'm'), join(right, 'new'));
  linkSync(join(right, 'm'), join(right, 'a'));
  const made = await differ.compare(ctx, bind(left), bind(right), {mediaType: mediaTypes.ociLayer});
  await differ.apply(ctx, made, bind(out));
  t.deepEqual(readdirSync(out).sort(), ['a', 'm', 'new']);
  t.is(lstatSync(join(out, 'm')).nlink, 3);
  t.truthy(content.labels.get(made.digest));
});

test('from nothing, with an upper bound of times, the layer is the same every time', async t => {
  const [one, two] = [tempDir(t), tempDir(t)];
  for (const root of [one, two]) {
    mkdirSync(join(root, 'd'));
    writeFileSync(join(root, 'd/f'), 'x');
    utimesSync(join(root, 'd/f'), 1000, 1000);
  }
  const options = {sourceDateEpoch: new Date(2_000_000), labels: {mine: 'yes'}};
  const first = await differ.compare(ctx, [], bind(one), options);
  renameSync(join(two, 'd/f'), join(two, 'd/g'));
  renameSync(join(two, 'd/g'), join(two, 'd/f'));
  const second = await differ.compare(ctx, [], bind(two), options);
  t.deepEqual(second, first);
  t.is(first.mediaType, mediaTypes.ociLayerGzip);
  t.is(content.labels.get(first.digest)?.mine, 'yes');
  const listing = execFileSync('tar', ['-tvzf', '-', '--utc', '--full-time'], {
    input: content.read(first.digest),
  }).toString();
  t.regex(listing, /1970-01-01 00:33:20 d\/\n.*1970-01-01 00:16:40 d\/f\n$/s);
});

test('a store that fails ends the work, a slow one slows it down', async t => {
  const own = new FileContent(tempDir(t));
  await using failing = openDiffer({content: own, log: discardLogger()});
  const root = tempDir(t);
  writeFileSync(join(root, 'big'), Buffer.alloc(20 << 20, 1));
  let writes = 0;
  own.beforeWrite = async () => {
    if (++writes === 3) throw new EngineError('resource-exhausted', 'disk is full');
  };
  const call = failing.compare(ctx, [], bind(root), {mediaType: mediaTypes.ociLayer});
  t.is(codeOf(await t.throwsAsync(call)), 'resource-exhausted');
  t.is(own.aborted, 1);
  t.is(writes, 3);
});
