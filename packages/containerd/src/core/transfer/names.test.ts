import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import type {ImageReference, StoreEndpoint} from './endpoints.ts';
import {importedNames, lookupNames, requiredNames, storeNames} from './names.ts';

const digest = `sha256:${'a'.repeat(64)}`;

function store(name: string, ...references: (Partial<ImageReference> & {name: string})[]): StoreEndpoint {
  const flags = {isPrefix: false, allowOverwrite: false, addDigest: false, skipNamedDigest: false};
  const extraReferences = references.map(reference => ({...flags, ...reference}));
  return {
    ...{type: 'store', name, labels: {}, platforms: [], allMetadata: false, manifestLimit: 0},
    ...{extraReferences, unpacks: []},
  };
}

test('a pulled image gets its name and the extra ones, but no prefixes', t => {
  const to = store('a:1', {name: 'b:2'}, {name: 'c', addDigest: true}, {name: 'p', isPrefix: true});
  t.deepEqual(storeNames(to, digest), ['a:1', 'b:2', `c@${digest}`]);
  t.is(codeOf(t.throws(() => requiredNames(store('', {name: 'p', isPrefix: true}), digest))), 'not-found');
});

test('what is exported is looked up by full names', t => {
  t.deepEqual(lookupNames(store('', {name: 'a:1'}, {name: 'b:1'})), ['a:1', 'b:1']);
  t.is(codeOf(t.throws(() => lookupNames(store('', {name: 'p', isPrefix: true})))), 'unimplemented');
});

const cases: [what: string, reference: Partial<ImageReference>, given: string | undefined, names: string[]][] = [
  ['a tag comes behind the prefix', {}, 'latest', ['foo/bar:latest']],
  ['a name below the prefix stays', {}, 'foo/bar:1', ['foo/bar:1']],
  ['a name in a deeper repository too', {}, 'foo/bar/x:1', ['foo/bar/x:1']],
  ['another name is left out', {}, 'foo/barn:1', []],
  ['unless it may be any', {allowOverwrite: true}, 'docker.io/library/busybox:1', ['docker.io/library/busybox:1']],
  ['no name, no record', {}, undefined, []],
  ['but one by digest', {addDigest: true}, undefined, [`foo/bar@${digest}`]],
  ['both', {addDigest: true}, 'x', ['foo/bar:x', `foo/bar@${digest}`]],
  ['the digest only without a name', {addDigest: true, skipNamedDigest: true}, 'x', ['foo/bar:x']],
  ['a name that is left out counts as none', {addDigest: true, skipNamedDigest: true}, 'q/r:1', [`foo/bar@${digest}`]],
];

for (const [what, reference, given, names] of cases) {
  test(`imported: ${what}`, t => {
    t.deepEqual(importedNames(store('', {name: 'foo/bar', isPrefix: true, ...reference}), given, digest), names);
  });
}

test('imported: without a prefix there is no name', t => {
  t.deepEqual(importedNames(store('index', {name: 'x:1'}), 'docker.io/library/busybox:1', digest), []);
});
