import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {
  chainIds,
  digestOf,
  formatPlatform,
  isForeignLayerType,
  layerCompression,
  mediaTypes,
  normalizePlatform,
  parseDigest,
  parseImageConfig,
  parseManifestOrIndex,
  parsePlatform,
  platformRank,
  selectManifests,
  verifyStream,
  withCompression,
} from './index.ts';

const digest = digestOf('x');
const descriptor = {mediaType: mediaTypes.ociLayer, digest, size: 1};

test('digests are checked', t => {
  t.deepEqual(parseDigest(digest), {algorithm: 'sha256', hex: digest.slice(7)});
  for (const text of ['', 'sha256', 'sha256:', 'sha256:ab', `md5:${'a'.repeat(32)}`, `sha256:${'g'.repeat(64)}`]) {
    t.is(codeOf(t.throws(() => parseDigest(text))), 'invalid-argument', text);
  }
});

test('chain ids hash the chain below and the diff id', t => {
  t.deepEqual(chainIds([]), []);
  t.deepEqual(chainIds(['sha256:a', 'sha256:b']), ['sha256:a', digestOf('sha256:a sha256:b')]);
  t.is(chainIds(['sha256:a', 'sha256:b', 'sha256:c'])[2], digestOf(`${digestOf('sha256:a sha256:b')} sha256:c`));
});

test('a stream is verified for size and digest', async t => {
  const source = async function* (text: string) {
    for (const letter of text) yield Buffer.from(letter);
  };
  const read = async (text: string, size?: number) => {
    let all = '';
    const expected = {digest: digestOf('hello'), ...(size === undefined ? {} : {size})};
    for await (const chunk of verifyStream(source(text), expected)) all += chunk;
    return all;
  };
  t.is(await read('hello', 5), 'hello');
  t.is(await read('hello'), 'hello');
  for (const [text, size] of [
    ['hallo', 5],
    ['hell', 5],
    ['hello!', 5],
    ['hello!', undefined],
  ] as const) {
    t.is(codeOf(await t.throwsAsync(read(text, size))), 'data-loss', text);
  }
});

test('media types say how layers are compressed', t => {
  t.is(layerCompression(mediaTypes.dockerLayerGzip), 'gzip');
  t.is(layerCompression(mediaTypes.ociLayer), 'none');
  t.is(layerCompression('application/vnd.oci.image.layer.nondistributable.v1.tar+zstd'), 'zstd');
  t.true(isForeignLayerType(mediaTypes.dockerForeignLayerGzip));
  t.false(isForeignLayerType(mediaTypes.dockerLayerGzip));
  t.is(codeOf(t.throws(() => layerCompression('application/vnd.in-toto+json'))), 'unimplemented');
  t.is(withCompression(mediaTypes.dockerLayer, 'gzip'), mediaTypes.dockerLayerGzip);
  t.is(withCompression(mediaTypes.ociLayerZstd, 'none'), mediaTypes.ociLayer);
});

test('platforms are parsed and normalised', t => {
  const shown = (text: string) => formatPlatform(parsePlatform(text));
  t.is(shown('linux/amd64'), 'linux/amd64');
  t.is(shown('Linux/x86_64'), 'linux/amd64');
  t.is(shown('linux/aarch64/v8'), 'linux/arm64');
  t.is(shown('linux/arm'), 'linux/arm/v7');
  t.is(shown('linux/arm/6'), 'linux/arm/v6');
  t.is(shown('armhf'), 'linux/arm/v7');
  t.is(shown('i386'), 'linux/386');
  t.is(shown('linux/amd64/v1'), 'linux/amd64');
  t.is(shown('windows(10.0.17763)/amd64'), 'windows(10.0.17763)/amd64');
  t.regex(shown('windows'), /^windows\//);
  for (const text of ['', 'linux/*', 'a/b/c/d', 'bogus', 'li nux/amd64', 'linux/']) {
    t.is(codeOf(t.throws(() => parsePlatform(text))), 'invalid-argument', text);
  }
});

test('a better machine runs what a lesser one runs', t => {
  const v3 = parsePlatform('linux/amd64/v3');
  t.is(platformRank({os: 'linux', architecture: 'amd64', variant: 'v3'}, v3), 0);
  t.is(platformRank({os: 'linux', architecture: 'amd64'}, v3), 2);
  t.is(platformRank({os: 'linux', architecture: 'amd64', variant: 'v2'}, parsePlatform('linux/amd64')), undefined);
  t.is(platformRank({os: 'linux', architecture: 'arm', variant: 'v6'}, parsePlatform('linux/arm/v7')), 1);
  t.is(platformRank({os: 'linux', architecture: 'arm64', variant: 'v8'}, parsePlatform('linux/arm64')), 0);
  t.is(normalizePlatform({os: 'macos', architecture: 'ARM64'}).os, 'darwin');
});

test('the best manifest of an index is chosen', t => {
  const entry = (architecture: string, variant?: string, annotations = {}) => ({
    ...{mediaType: mediaTypes.ociManifest, digest: digestOf(`${architecture}${variant}`), size: 1, annotations},
    platform: {os: 'linux', architecture, ...(variant ? {variant} : {})},
  });
  const index = {
    schemaVersion: 2 as const,
    manifests: [
      entry('unknown', '', {'vnd.docker.reference.type': 'attestation-manifest'}),
      {...descriptor, mediaType: mediaTypes.ociManifest},
      entry('arm64', 'v8'),
      entry('amd64'),
      entry('amd64', 'v2'),
    ],
  };
  const chosen = selectManifests(index, parsePlatform('linux/amd64/v2')).map(d => d.digest);
  t.deepEqual(chosen, [digestOf('amd64v2'), digestOf('amd64undefined'), digest]);
});

test('manifests from strangers are checked', t => {
  const parse = (value: unknown, type: string = mediaTypes.ociManifest) =>
    parseManifestOrIndex(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), type);
  const good = {schemaVersion: 2, config: {...descriptor, mediaType: mediaTypes.ociConfig}, layers: [descriptor]};
  t.notThrows(() => parse(good));
  t.notThrows(() => parse({...good, layers: null}));
  t.notThrows(() => parse({schemaVersion: 2, manifests: [descriptor]}, mediaTypes.dockerIndex));
  const refused: [unknown, RegExp][] = [
    ['{', /not JSON/],
    ['[]', /no JSON object/],
    [Buffer.alloc(9 << 20, 0x20).toString(), /more than/],
    [{...good, schemaVersion: 1}, /schema version/],
    [{...good, manifests: []}, /it is an index/],
    [{...good, config: undefined}, /config is no object/],
    [{...good, layers: {}}, /no list/],
    [{...good, layers: [{...descriptor, size: -1}]}, /size/],
    [{...good, layers: [{...descriptor, size: 1.5}]}, /size/],
    [{...good, layers: [{...descriptor, size: '1'}]}, /size/],
    [{...good, layers: [{...descriptor, digest: 'sha256:../../etc/passwd'}]}, /digest/],
    [{...good, layers: [{...descriptor, annotations: {a: 1}}]}, /annotations/],
    [{...good, layers: [{...descriptor, urls: 'x'}]}, /urls/],
    [{...good, layers: [null]}, /no object/],
    [{...good, layers: new Array(10_001).fill(descriptor)}, /more than/],
    [{...good, mediaType: 7}, /no string/],
  ];
  for (const [value, message] of refused) {
    const error = t.throws(() => parse(value), {message});
    t.is(codeOf(error), 'invalid-argument');
  }
  t.is(codeOf(t.throws(() => parse(good, mediaTypes.dockerSchema1Signed))), 'unimplemented');
});

test('image configurations are checked', t => {
  const parse = (value: unknown) => parseImageConfig(Buffer.from(JSON.stringify(value)));
  const good = {architecture: 'amd64', os: 'linux', rootfs: {type: 'layers', diff_ids: [digest]}};
  t.deepEqual(parse(good).rootfs.diff_ids, [digest]);
  t.notThrows(() => parse({...good, config: {Env: null, Labels: null, Cmd: ['a']}}));
  t.deepEqual(parse({rootfs: {type: 'layers', diff_ids: null}}).rootfs.diff_ids, []);
  for (const value of [
    {},
    {rootfs: {diff_ids: ['x']}},
    {...good, config: {Env: 'A=b'}},
    {...good, config: {Cmd: [1]}},
    {...good, config: {Labels: {a: 1}}},
    {...good, config: []},
    {...good, history: {}},
    {...good, os: 1},
  ]) {
    t.is(codeOf(t.throws(() => parse(value))), 'invalid-argument', JSON.stringify(value));
  }
});
