import {Progress} from '@longshore/api/gen/containerd/types/transfer/progress';
import test from 'ava';
import {ProgressTree} from './progress-tree.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const desc = (mediaType: string, letter: string) => ({mediaType, digest: digest(letter), size: 10n, annotations: {}});

function tree(...steps: Parameters<typeof Progress.fromPartial>[0][]): ProgressTree {
  const made = new ProgressTree(0);
  for (const step of steps) made.add(Progress.fromPartial(step));
  return made;
}

test('an import, as ctr 2.1.9 printed it', t => {
  const made = tree(
    {event: 'Importing'},
    {
      event: 'saved',
      name: 'docker.io/library/busybox:latest',
      desc: desc('application/vnd.oci.image.manifest.v1+json', 'a'),
    },
    {event: 'Completed import'},
  );
  t.is(
    made.lines(100).join('\n'),
    [
      'docker.io/library/busybox:latest        \tsaved\t',
      `application/vnd.oci.image.manifest.v1+json ${digest('a')}`,
      'Importing\telapsed: 0.1 s\ttotal:   0.0 B\t(0.0 B/s)\t',
    ].join('\n'),
  );
});

test('a pull: blobs below their manifest, the manifest below the name, in whatever order they come', t => {
  const [manifest, layer] = [`manifest-${digest('b')}`, `layer-${digest('c')}`];
  const made = tree(
    {event: 'Pulling from X'},
    {event: 'fetching', name: 'a/b:1', desc: desc('m', 'b')},
    {event: 'downloading', name: layer, parents: [manifest], progress: 5n, total: 10n, desc: desc('l', 'c')},
    {event: 'complete', name: manifest, parents: ['a/b:1'], progress: 10n, total: 10n, desc: desc('m', 'b')},
    {event: 'downloading', name: layer, parents: [manifest], progress: 5n, total: 10n, desc: desc('l', 'c')},
    {event: 'waiting', name: `config-${digest('d')}`, parents: [manifest]},
  );
  t.deepEqual(made.lines(1000), [
    'a/b:1                                   \tfetching\t',
    `└──manifest (bbbbbbbbbbbb)              \tcomplete   \t|${'+'.repeat(38)}|\t`,
    `   ├──layer (cccccccccccc)              \tdownloading\t|${'+'.repeat(19)}${'-'.repeat(19)}|\t   5.0 B/10.0 B\t`,
    `   └──config (dddddddddddd)             \twaiting    \t|${'-'.repeat(38)}|\t`,
    `m ${digest('b')}`,
    'Pulling from X\telapsed: 1.0 s\ttotal:  15.0 B\t(15.0 B/s)\t',
  ]);
});

test('what refers to itself, or in a circle, is drawn once', t => {
  const made = tree(
    {event: 'a', name: 'x', parents: ['x']},
    {event: 'b', name: 'y', parents: ['x']},
    {event: 'c', name: 'x', parents: ['y']},
  );
  t.true(made.lines(1).length <= 3);
  t.false(made.isEmpty);
  t.true(tree({event: 'whole'}).isEmpty);
});
