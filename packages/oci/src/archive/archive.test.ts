import {execFileSync} from 'node:child_process';
import {createHash, randomBytes} from 'node:crypto';
import {gzipSync, zstdCompressSync} from 'node:zlib';
import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {
  digestOf,
  mediaTypes,
  readImageArchive,
  tarEnd,
  tarEntry,
  tarHeader,
  tarPadding,
  writeImageArchive,
} from '../index.ts';

type Files = [name: string, content: string | Buffer | {link: string} | {hard: string}][];

function archive(files: Files): Buffer {
  const parts: Buffer[] = [];
  for (const [name, content] of files) {
    if (typeof content === 'object' && !Buffer.isBuffer(content)) {
      const type = 'link' in content ? 'symlink' : 'link';
      const target = 'link' in content ? content.link : content.hard;
      parts.push(tarHeader(tarEntry(type, name, {linkName: Buffer.from(target)})));
      continue;
    }
    const bytes = Buffer.from(content as string);
    parts.push(tarHeader(tarEntry('file', name, {size: bytes.length})), bytes, tarPadding(bytes.length));
  }
  return Buffer.concat([...parts, tarEnd()]);
}

async function read(bytes: Buffer) {
  const blobs = new Map<string, Buffer>();
  const put = async (body: AsyncIterable<Uint8Array>, expected: {digest?: string; size: number}) => {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(Buffer.from(part));
    const blob = Buffer.concat(parts);
    const digest = digestOf(blob);
    if (expected.digest && expected.digest !== digest) throw new Error('wrong digest');
    blobs.set(digest, blob);
    return {digest};
  };
  const source = async function* () {
    for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777);
  };
  return {images: await readImageArchive(source(), {put}), blobs};
}

const layer = randomBytes(200_000);
const diffId = digestOf('x');
const config = Buffer.from(JSON.stringify({rootfs: {type: 'layers', diff_ids: [diffId, diffId, diffId, diffId]}}));
const hex = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

test('an OCI layout, with full names, tags only, and none', async t => {
  const manifest = Buffer.from('{"schemaVersion":2}');
  const target = {mediaType: mediaTypes.ociManifest, digest: digestOf(manifest), size: manifest.length};
  const named = (annotations: Record<string, string>) => ({...target, annotations});
  const index = {
    schemaVersion: 2,
    manifests: [
      named({'io.containerd.image.name': 'docker.io/library/a:1', 'org.opencontainers.image.ref.name': '1'}),
      named({'org.opencontainers.image.ref.name': 'latest'}),
      named({'org.opencontainers.image.ref.name': 'quay.io/x/y:2'}),
      target,
    ],
  };
  const files: Files = [
    [`blobs/sha256/${hex(manifest)}`, manifest],
    [`./blobs/sha256/${hex(layer)}`, layer],
    ['index.json', JSON.stringify(index)],
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
  ];
  for (const bytes of [archive(files), gzipSync(archive(files)), zstdCompressSync(archive(files))]) {
    const {images, blobs} = await read(bytes);
    t.deepEqual(
      images.map(image => [image.name, image.refName]),
      [
        ['docker.io/library/a:1', '1'],
        [undefined, 'latest'],
        ['quay.io/x/y:2', 'quay.io/x/y:2'],
        [undefined, undefined],
      ],
    );
    t.is(images[0]?.target.digest, target.digest);
    t.deepEqual([...blobs.keys()].sort(), [digestOf(manifest), digestOf(layer)].sort());
  }
});

test('an archive of docker save before 25.0, with links in place of equal layers', async t => {
  const small = gzipSync(Buffer.from('small layer'));
  const id = hex(config);
  const entry = {
    Config: `${id}.json`,
    RepoTags: ['busybox:latest', '127.0.0.1:5000/b:x'],
    Layers: ['aaa/layer.tar', 'bbb/layer.tar', 'ccc/layer.tar', 'ddd/layer.tar'],
  };
  const {images, blobs} = await read(
    archive([
      ['aaa/VERSION', '1.0'],
      ['aaa/json', '{}'],
      ['aaa/layer.tar', layer],
      ['bbb/layer.tar', {link: '../aaa/layer.tar'}],
      ['ccc/layer.tar', small],
      ['ddd/layer.tar', {hard: 'aaa/layer.tar'}],
      [`${id}.json`, config],
      ['manifest.json', JSON.stringify([entry])],
      ['repositories', '{}'],
    ]),
  );
  t.deepEqual(
    images.map(image => image.name),
    ['docker.io/library/busybox:latest', '127.0.0.1:5000/b:x'],
  );
  const manifest = JSON.parse(blobs.get(images[0]?.target.digest ?? '')?.toString() ?? '');
  t.deepEqual(manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: {mediaType: mediaTypes.dockerConfig, digest: digestOf(config), size: config.length},
    layers: [
      {mediaType: mediaTypes.dockerLayer, digest: digestOf(layer), size: layer.length},
      {mediaType: mediaTypes.dockerLayer, digest: digestOf(layer), size: layer.length},
      {mediaType: mediaTypes.dockerLayerGzip, digest: digestOf(small), size: small.length},
      {mediaType: mediaTypes.dockerLayer, digest: digestOf(layer), size: layer.length},
    ],
  });
  t.false(blobs.has(digestOf('1.0')), 'what nobody lists is not stored');
});

const bad: [name: string, bytes: Buffer, code: string, message: RegExp][] = [
  ['nothing in it', archive([]), 'invalid-argument', /neither/],
  ['no tar', randomBytes(5000), 'invalid-argument', /invalid tar/],
  ['a cut archive', archive([['manifest.json', '[]']]).subarray(0, 513), 'invalid-argument', /middle/],
  ['no image', archive([['manifest.json', '[]']]), 'invalid-argument', /lists no image/],
  ['no JSON', archive([['manifest.json', '[']]), 'invalid-argument', /not JSON/],
  ['a bad entry', archive([['manifest.json', '[{"Config":1}]']]), 'invalid-argument', /bad entry/],
  ['null entries', archive([['manifest.json', '[null]']]), 'invalid-argument', /bad entry/],
  [
    'a file that is missing',
    archive([['manifest.json', '[{"Config":"x","Layers":[]}]']]),
    'invalid-argument',
    /"x" is listed/,
  ],
  [
    'links in a circle',
    archive([
      ['a', {link: 'b'}],
      ['b', {link: 'a'}],
      ['manifest.json', '[{"Config":"a","Layers":[]}]'],
    ]),
    'invalid-argument',
    /"a" is listed/,
  ],
  [
    'a bad tag',
    archive([
      ['x', '{"rootfs":{}}'],
      ['manifest.json', '[{"Config":"x","RepoTags":["UPPER"],"Layers":[]}]'],
    ]),
    'invalid-argument',
    /lowercase/,
  ],
  ['a blob of another digest', archive([[`blobs/sha256/${hex(layer)}`, config]]), 'unknown', /wrong digest/],
  ['a blob with a bad digest', archive([['blobs/sha256/abc', 'x']]), 'invalid-argument', /digest/],
  ['xz', Buffer.from('fd377a585a000000', 'hex'), 'unimplemented', /xz/],
  ['damaged gzip', gzipSync(archive([['a', layer]])).subarray(0, 1000), 'invalid-argument', /decompress/],
  [
    'an index in an index that is none',
    archive([
      ['index.json', '{"schemaVersion":2,"manifests":[{}]}'],
      ['oci-layout', '{}'],
    ]),
    'invalid-argument',
    /mediaType/,
  ],
];

for (const [name, bytes, code, message] of bad) {
  test(`refuses ${name}`, async t => {
    const error = await t.throwsAsync(read(bytes), {message});
    t.is(codeOf(error), code as ReturnType<typeof codeOf>);
  });
}

test('what is written is read again, and looks like the original', async t => {
  const manifest = Buffer.from(JSON.stringify({schemaVersion: 2}));
  const describe = (mediaType: string, bytes: Buffer) => ({mediaType, digest: digestOf(bytes), size: bytes.length});
  const docker = {config: describe(mediaTypes.ociConfig, config), layers: [describe(mediaTypes.ociLayer, layer)]};
  const target = describe(mediaTypes.ociManifest, manifest);
  const images = [
    {target, name: 'docker.io/library/busybox:latest', docker},
    {target, name: 'quay.io/a/b:2', docker},
    {target, name: undefined, docker: undefined},
  ];
  const blobs = [layer, config, manifest, layer].map(bytes => ({
    digest: digestOf(bytes),
    size: bytes.length,
    open: async function* () {
      yield bytes;
    },
  }));
  const parts: Uint8Array[] = [];
  for await (const part of writeImageArchive(images, blobs)) parts.push(part);
  const bytes = Buffer.concat(parts);
  const {images: again, blobs: stored} = await read(bytes);
  t.deepEqual(
    again.map(image => image.name),
    ['docker.io/library/busybox:latest', 'quay.io/a/b:2', undefined],
  );
  t.is(stored.size, 3);
  const tar = (...args: string[]) => execFileSync('tar', args, {input: bytes}).toString();
  const lines = tar('--numeric-owner', '--utc', '-tvf', '-').trim().split('\n');
  const sorted = [layer, config, manifest].map(hex).sort();
  t.deepEqual(
    lines.map(line => line.replace(/ +/g, ' ').replace(/ \d+ 1970/, ' N 1970')),
    [
      'drwxr-xr-x 0/0 N 1970-01-01 00:00 blobs/',
      'drwxr-xr-x 0/0 N 1970-01-01 00:00 blobs/sha256/',
      ...sorted.map(name => `-r--r--r-- 0/0 N 1970-01-01 00:00 blobs/sha256/${name}`),
      '-rw-r--r-- 0/0 N 1970-01-01 00:00 index.json',
      '-rw-r--r-- 0/0 N 1970-01-01 00:00 manifest.json',
      '-r--r--r-- 0/0 N 1970-01-01 00:00 oci-layout',
    ],
  );
  t.is(tar('-xOf', '-', 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  t.deepEqual(JSON.parse(tar('-xOf', '-', 'manifest.json')), [
    {
      Config: `blobs/sha256/${hex(config)}`,
      RepoTags: ['busybox:latest', 'quay.io/a/b:2'],
      Layers: [`blobs/sha256/${hex(layer)}`],
    },
  ]);
  t.deepEqual(JSON.parse(tar('-xOf', '-', 'index.json')).manifests[0].annotations, {
    'io.containerd.image.name': 'docker.io/library/busybox:latest',
    'org.opencontainers.image.ref.name': 'latest',
  });
});
