import {codeOf} from '@longshore/errdefs';
import test from 'ava';
import {parseApiVersion} from '../../http/api-version.ts';
import {historyToJson, inspectToJson, summaryToJson} from '../../http/images/convert.ts';
import {parseFilters} from '../filters/filters.ts';
import {recordedTest, recording} from '../recordings.testing.ts';
import {ctx, fakeImage, fakeImages, recordedBusybox} from './fake-store.testing.ts';
import {globPattern, listFilter} from './list-filter.ts';

const busybox = 'docker.io/library/busybox:latest';

test('an image is found by name, repository digest, id and prefix', async t => {
  const fake = fakeImages();
  const id = await fake.add(recordedBusybox(), busybox);
  await fake.add(fakeImage('other'), 'docker.io/library/other:1');
  const hex = id.slice('sha256:'.length);
  for (const reference of [
    'busybox',
    'busybox:latest',
    'docker.io/library/busybox',
    `busybox@${id}`,
    id,
    hex,
    hex.slice(0, 4),
  ]) {
    t.is((await fake.images.find(ctx, reference)).id, id, reference);
  }
  t.is((await fake.images.resolve(ctx, 'busybox', '')).name, busybox);
  t.is((await fake.images.resolve(ctx, hex.slice(0, 12), '')).name, '');
});

test('what is not there is told as the original tells it', async t => {
  const fake = fakeImages();
  await fake.add(recordedBusybox(), busybox);
  const refused = async (reference: string, message: string, code = 'not-found') => {
    const error = await t.throwsAsync(fake.images.find(ctx, reference), {message});
    t.is(codeOf(error), code as never);
  };
  await refused('nosuch', 'No such image: nosuch:latest');
  await refused('nosuch:tag', 'No such image: nosuch:tag');
  await refused(`sha256:${'0'.repeat(64)}`, `No such image: sha256:${'0'.repeat(64)}`);
  await refused(
    'UPPER',
    'invalid reference format: repository name (library/UPPER) must be lowercase',
    'invalid-argument',
  );
  await t.throwsAsync(fake.images.resolve(ctx, 'busybox', 'linux/bogus'), {
    message:
      'image with reference busybox was found but its platform (linux/amd64) does not match the specified platform (linux/bogus)',
  });
});

test('a container gets the configuration of the image with every field', async t => {
  const fake = fakeImages();
  const id = await fake.add(recordedBusybox(), busybox);
  const resolved = await fake.images.resolve(ctx, 'busybox', 'linux');
  t.is(resolved.id, id);
  t.deepEqual(resolved.config.Cmd, ['sh']);
  t.is(resolved.config.Hostname, '');
  t.is(resolved.chainId, 'sha256:e202fe6954f940e43ee236b874636ad7fb1baf7d586c56007466105b33bc1cbc');
  t.deepEqual(resolved.manifest, {mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: id, size: 400});
});

recordedTest('the answers are those that were recorded with the containerd image store', async t => {
  const fake = fakeImages({unpackedSize: 2_011_136});
  const id = await fake.add(recordedBusybox(), busybox);
  fake.users.push({id: 'bb097cdd639026a3907c0a48cd37b94b4cf1aacf43909bf44a660ba28d6adaad', running: true, imageId: id});
  const containers = fake.images.containersOf(id);
  const options = {manifests: false, snapshotter: 'overlayfs', containers};
  const inspect = async (version: string, manifests: boolean, containerConfig = false) => {
    const details = await fake.images.describe(ctx, 'busybox');
    const shown = inspectToJson(details, parseApiVersion(version), {...options, manifests, containerConfig});
    return JSON.parse(JSON.stringify(shown));
  };
  const expected = (file: string) => {
    const json = JSON.parse(recording(`containerd-store/${file}.json`));
    if (json.Metadata) json.Metadata.LastTagTime = '2026-11-21T02:33:46.546Z';
    return json;
  };
  t.deepEqual(await inspect('1.51', false), expected('image_inspect'));
  t.deepEqual(await inspect('1.51', true), expected('image_inspect_manifests'));
  t.deepEqual(await inspect('1.43', false), expected('image_inspect_v1.43'));
  // Some clients read it of every image, for the volumes in it.
  const {Config, ContainerConfig} = await inspect('1.51', false, true);
  t.deepEqual(ContainerConfig, Config);
  t.deepEqual((await fake.images.history(ctx, 'busybox')).map(historyToJson), expected('image_history'));
  const [image] = await fake.images.list(ctx);
  const usage = await fake.images.usage(ctx, image as never);
  const facts = {
    ...(image as NonNullable<typeof image>),
    parts: fake.images.bestParts(usage),
    usage,
    sharedSize: -1,
    containers,
  };
  const listed = expected('images_json_manifests').find((each: {Id: string}) => each.Id === id);
  t.deepEqual(JSON.parse(JSON.stringify(summaryToJson(facts, parseApiVersion('1.51'), {manifests: true}))), listed);
});

test('a name that moves leaves its image without one', async t => {
  const fake = fakeImages();
  const first = await fake.add(fakeImage('a'), 'docker.io/library/a:1');
  await fake.add(fakeImage('b'), 'docker.io/library/b:1');
  await fake.images.tag(ctx, 'b:1', 'a', '1');
  t.deepEqual(fake.names(), ['docker.io/library/a:1', 'docker.io/library/b:1', `moby-dangling@${first}`]);
  await fake.images.tag(ctx, first, 'c', '');
  t.deepEqual(fake.names(), ['docker.io/library/a:1', 'docker.io/library/b:1', 'docker.io/library/c:latest']);
  t.deepEqual(fake.seen(), ['tag a:1', 'tag c:latest']);
  await t.throwsAsync(fake.images.tag(ctx, 'b:1', 'UPPER', 'x'), {message: /must be lowercase/});
  await t.throwsAsync(fake.images.tag(ctx, 'b:1', 'x', 'bad tag'), {message: 'invalid tag format'});
});

test('a nameless record beside a name is what a killed daemon left', async t => {
  const fake = fakeImages();
  const image = fakeImage('a');
  await fake.add(image, 'docker.io/library/a:1', `moby-dangling@${image.target.digest}`);
  await fake.images.reconcile(ctx);
  t.deepEqual(fake.names(), ['docker.io/library/a:1']);
});

test('removing a name keeps the image while it has another one', async t => {
  const fake = fakeImages();
  const id = await fake.add(fakeImage('a'), 'docker.io/library/a:1', 'docker.io/library/bt:1');
  fake.users.push({id: 'c'.repeat(64), running: true, imageId: id});
  t.deepEqual(await fake.deletion.remove(ctx, 'bt:1', {force: false}), [{untagged: 'bt:1'}]);
  const error = await t.throwsAsync(fake.deletion.remove(ctx, 'a:1', {force: false}));
  t.is(
    error?.message,
    `conflict: unable to delete a:1 (must be forced) - container cccccccccccc is using its referenced image ${id.slice(7, 19)}`,
  );
  t.is(codeOf(error), 'conflict');
  await t.throwsAsync(fake.deletion.remove(ctx, id, {force: true}), {
    message: /cannot be forced\) - image is being used by running container cccccccccccc$/,
  });
  t.deepEqual(await fake.deletion.remove(ctx, 'a:1', {force: true}), [{untagged: 'a:1'}]);
  t.deepEqual(fake.names(), [`moby-dangling@${id}`]);
  fake.users.length = 0;
  t.deepEqual(await fake.deletion.remove(ctx, id.slice(7, 19), {force: false}), [{deleted: id}]);
  t.deepEqual(fake.names(), []);
  t.deepEqual(fake.seen(), [`untag ${id}`, `untag ${id}`, `delete ${id}`]);
});

test('removing by id needs force when there are several repositories or a stopped container', async t => {
  const fake = fakeImages();
  const id = await fake.add(fakeImage('a'), 'docker.io/library/a:1', 'docker.io/library/b:1');
  await t.throwsAsync(fake.deletion.remove(ctx, id, {force: false}), {
    message: /must be forced\) - image is referenced in multiple repositories$/,
  });
  await fake.deletion.remove(ctx, 'b:1', {force: false});
  fake.users.push({id: 'd'.repeat(64), running: false, imageId: id});
  await t.throwsAsync(fake.deletion.remove(ctx, id, {force: false}), {
    message: /image is being used by stopped container dddddddddddd$/,
  });
  t.deepEqual(await fake.deletion.remove(ctx, id, {force: true}), [{untagged: 'a:1'}, {deleted: id}]);
});

test('prune takes nameless images, and all that nobody uses when told so', async t => {
  const fake = fakeImages();
  const used = await fake.add(fakeImage('used'), 'docker.io/library/used:1');
  const free = await fake.add(fakeImage('free'), 'docker.io/library/free:1');
  const nameless = await fake.add(fakeImage('nameless'), `moby-dangling@${fakeImage('nameless').target.digest}`);
  fake.users.push({id: 'u', running: false, imageId: used});
  const prune = (all: boolean, filters: object = {}) =>
    fake.deletion.prune(ctx, {all, filters: parseFilters(JSON.stringify(filters)), isOldEnough: () => true});
  t.deepEqual(await prune(true, {label: ['nobody=has']}), {steps: [], bytes: 0});
  t.deepEqual(await prune(false), {steps: [{deleted: nameless}], bytes: 3400});
  t.deepEqual(await prune(true), {steps: [{untagged: 'free:1'}, {deleted: free}], bytes: 3400});
  t.deepEqual(fake.names(), ['docker.io/library/used:1']);
  t.is(fake.seen().at(-1), 'prune {"reclaimed":"3400"}');
});

test('list filters', async t => {
  const fake = fakeImages();
  await fake.add(fakeImage('a', {config: {Labels: {x: 'y'}}}), 'docker.io/library/a:1', 'docker.io/library/a:2');
  await fake.add(fakeImage('b', {created: '2020-01-01T00:00:00Z'}), '127.0.0.1:5000/team/b:1');
  const nameless = fakeImage('n');
  await fake.add(nameless, `moby-dangling@${nameless.target.digest}`);
  const list = async (filters: object) => {
    const createdOf = async (_: unknown, reference: string) =>
      (await fake.images.describe(ctx, reference)).parts.config.created ?? '';
    const filter = await listFilter(ctx, parseFilters(JSON.stringify(filters)), createdOf, text => text);
    const found: string[] = [];
    for (const image of await fake.images.list(ctx)) {
      const parts = fake.images.bestParts(await fake.images.usage(ctx, image));
      if (filter.matches(parts)) found.push(...(filter.names(image) ?? []).map(({name}) => name));
    }
    return found.map(name => name.split('/').at(-1)?.slice(0, 13));
  };
  t.deepEqual(await list({}), ['a:1', 'a:2', 'b:1', 'moby-dangling']);
  t.deepEqual(await list({dangling: ['true']}), ['moby-dangling']);
  t.deepEqual(await list({reference: ['a']}), ['a:1', 'a:2']);
  t.deepEqual(await list({reference: ['*:1', '127.0.0.1:5000/*/*']}), ['a:1', 'b:1']);
  t.deepEqual(await list({label: ['x=y']}), ['a:1', 'a:2']);
  t.deepEqual(await list({before: ['a:1']}), ['b:1']);
  t.deepEqual(await list({since: ['127.0.0.1:5000/team/b:1'], dangling: ['false']}), ['a:1', 'a:2']);
  t.deepEqual(await list({until: ['2021-01-01T00:00:00Z']}), ['b:1']);
  await t.throwsAsync(list({bogus: ['x']}), {message: "invalid filter 'bogus'"});
});

test('patterns stop at slashes', t => {
  t.true(globPattern('b*x').test('busybox'));
  t.false(globPattern('*').test('a/b'));
  t.true(globPattern('[a-c]?.d').test('bx.d'));
  t.false(globPattern('a.d').test('axd'));
  t.false(globPattern('[').test('['));
});

test('events have the labels of the image, as long as it is here', async t => {
  const fake = fakeImages();
  const labelled = fakeImage('labelled', {config: {Labels: {k: 'v'}}});
  await fake.add(labelled, 'docker.io/library/labelled:1');
  await fake.images.tag(ctx, 'labelled:1', 'other', '2');
  await fake.deletion.remove(ctx, 'other:2', {force: false});
  await fake.deletion.remove(ctx, 'labelled:1', {force: false});
  const id = labelled.target.digest;
  t.deepEqual(fake.attributes(), [
    ['tag', {k: 'v', name: 'other:2'}],
    ['untag', {k: 'v', name: id}],
    ['untag', {k: 'v', name: id}],
    ['delete', {name: id}],
  ]);
});
