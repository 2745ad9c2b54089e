import {mkdtempSync, rmSync} from 'node:fs';
import {mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {callContext, discardLogger} from '@longshore/base';
import {codeOf} from '@longshore/errdefs';
import test, {type ExecutionContext} from 'ava';
import {volumeToJson} from '../../http/volumes/convert.ts';
import {openVolumes} from '../../parts/volumes.ts';
import {EventBus} from '../events/event-bus.ts';
import {parseFilters} from '../filters/filters.ts';
import {recordedTest, recording} from '../recordings.testing.ts';
import {listMatcher, pruneMatcher} from './volume-filters.ts';

const ctx = callContext();
const plain = {driver: '', options: null, labels: null};

async function open(t: ExecutionContext) {
  const root = mkdtempSync(join(tmpdir(), 'ls-vol-'));
  t.teardown(() => rmSync(root, {recursive: true, force: true}));
  const events = new EventBus();
  const reopen = () => openVolumes({root, events, log: discardLogger()});
  const seen = () => events.subscribe(0n).past.map(({action, actor}) => `${action} ${actor.id}`);
  return {root, volumes: await reopen(), reopen, seen};
}

test('a volume outlives the daemon with everything that is known of it', async t => {
  const {root, volumes, reopen, seen} = await open(t);
  const created = await volumes.create(ctx, {...plain, name: 'data1', labels: {x: 'y'}});
  t.is(created.mountpoint, join(root, 'data1', '_data'));
  t.is((await volumes.create(ctx, {...plain, name: 'data1', labels: {z: '1'}})).labels?.x, 'y');
  const again = await reopen();
  t.deepEqual(again.get('data1'), created);
  t.deepEqual(seen(), ['create data1']);
  t.deepEqual(await readdir(root), ['data1']);
});

recordedTest('the answers are those that were recorded', async t => {
  const {root, volumes} = await open(t);
  for (const file of ['volume_inspect_data1', 'volume_create', 'volume_create_anonymous']) {
    const expected = JSON.parse(recording(`api/${file}.json`));
    const isAnonymous = file.endsWith('anonymous');
    const {Name, Options, Labels} = expected;
    const made = await volumes.create(ctx, {
      name: isAnonymous ? '' : Name,
      driver: 'local',
      options: Options,
      labels: isAnonymous ? null : Labels,
    });
    const actual = volumeToJson(made);
    t.deepEqual(Object.keys(actual), Object.keys(expected));
    t.regex(String(actual.CreatedAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const {CreatedAt: _a, Name: name, Mountpoint: mountpoint, ...rest} = actual;
    const {CreatedAt: _b, Name: _c, Mountpoint: _d, ...expectedRest} = expected;
    t.deepEqual(rest, expectedRest);
    t.is(mountpoint, join(root, name, '_data'));
    if (isAnonymous) t.regex(name, /^[0-9a-f]{64}$/);
  }
});

test('bad names, drivers and options are refused with the words of the original', async t => {
  const {root, volumes} = await open(t);
  const refused = async (creation: object, code: string, message: string) => {
    const error = await t.throwsAsync(volumes.create(ctx, {...plain, name: 'zz', ...creation}));
    t.is(error?.message, message);
    t.is(codeOf(error), code as never);
  };
  const bad = 'invalid-argument';
  await refused(
    {name: 'x'},
    bad,
    'create x: volume name is too short, names should be at least two alphanumeric characters',
  );
  await refused(
    {name: 'bad/name'},
    bad,
    'create bad/name: "bad/name" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
  );
  await refused(
    {driver: 'bogus'},
    'not-found',
    'create zz: error looking up volume plugin bogus: plugin "bogus" not found',
  );
  await refused({options: {bogus: '1'}}, bad, 'create zz: invalid option: "bogus"');
  await refused({options: {type: 'tmpfs'}}, bad, 'create zz: missing required option: "device"');
  await refused(
    {options: {type: 'nfs', device: ':/x', o: 'addr=10.0.0.1'}},
    'unimplemented',
    'create zz: volumes of type "nfs" are not implemented',
  );
  t.deepEqual(await readdir(root), []);
});

test('a volume in use stays; anonymous ones go with their last user', async t => {
  const {root, volumes, seen} = await open(t);
  const {name} = await volumes.acquire(ctx, {name: '', driver: '', options: {}, labels: {}}, 'c1');
  await volumes.acquire(ctx, {name, driver: '', options: {}, labels: {}}, 'c2');
  await volumes.acquire(ctx, {name: 'named', driver: '', options: {}, labels: {}}, 'c1');
  const error = await t.throwsAsync(volumes.remove(ctx, name, {force: true}));
  t.is(error?.message, `remove ${name}: volume is in use - [c1, c2]`);
  t.is(codeOf(error), 'conflict');
  await volumes.release(ctx, name, 'c1');
  await volumes.removeAnonymous(ctx, name);
  t.is(volumes.users(name).length, 1);
  await volumes.release(ctx, name, 'c2');
  await volumes.removeAnonymous(ctx, name);
  await volumes.release(ctx, 'named', 'c1');
  await volumes.removeAnonymous(ctx, 'named');
  t.deepEqual(await readdir(root), ['named']);
  t.deepEqual(seen(), [`create ${name}`, 'create named', `destroy ${name}`]);
});

test('removing what is not there', async t => {
  const {volumes} = await open(t);
  await t.throwsAsync(volumes.remove(ctx, 'nosuch', {force: false}), {message: 'get nosuch: no such volume'});
  await t.notThrowsAsync(volumes.remove(ctx, 'nosuch', {force: true}));
});

test('prune takes anonymous volumes, all of them only when told so, and counts their bytes', async t => {
  const {volumes} = await open(t);
  const anonymous = await volumes.create(ctx, {...plain, name: ''});
  await writeFile(join(anonymous.mountpoint, 'file'), Buffer.alloc(1000));
  await volumes.create(ctx, {...plain, name: 'keep', labels: {keep: 'yes'}});
  await volumes.create(ctx, {...plain, name: 'drop'});
  const filters = (value: object) => parseFilters(JSON.stringify(value));
  t.deepEqual(await volumes.prune(ctx, pruneMatcher(filters({}), false)), {names: [anonymous.name], bytes: 1000});
  const all = filters({all: ['1'], 'label!': ['keep']});
  t.deepEqual((await volumes.prune(ctx, pruneMatcher(all, false))).names, ['drop']);
  t.deepEqual((await volumes.prune(ctx, pruneMatcher(filters({}), true))).names, ['keep']);
});

test('list filters', async t => {
  const {volumes} = await open(t);
  await volumes.acquire(ctx, {name: 'used', driver: '', options: {}, labels: {a: '1'}}, 'c1');
  await volumes.create(ctx, {...plain, name: 'free'});
  const list = (value: object) => {
    const matches = listMatcher(parseFilters(JSON.stringify(value)), ({name}) => volumes.users(name).length > 0);
    return volumes.all.filter(matches).map(({name}) => name);
  };
  t.deepEqual(list({}), ['free', 'used']);
  t.deepEqual(list({dangling: ['true']}), ['free']);
  t.deepEqual(list({dangling: ['false']}), ['used']);
  t.deepEqual(list({label: ['a=1']}), ['used']);
  t.deepEqual(list({name: ['fr']}), ['free']);
  t.deepEqual(list({driver: ['other']}), []);
  t.throws(() => list({bogus: ['x']}), {message: "invalid filter 'bogus'"});
});

test('a daemon that was killed while it made or removed a volume leaves nothing at the next start', async t => {
  const {root, volumes, reopen} = await open(t);
  await volumes.create(ctx, {...plain, name: 'whole'});
  await mkdir(join(root, '.unfinished-abc', '_data'), {recursive: true});
  t.deepEqual(
    (await reopen()).all.map(({name}) => name),
    ['whole'],
  );
  t.deepEqual(await readdir(root), ['whole']);
});

test('options are stored as the original stores them, and a volume of the original is read', async t => {
  const {root, volumes, reopen} = await open(t);
  await volumes.create(ctx, {...plain, name: 'tm', options: {type: 'tmpfs', device: 'tmpfs', o: 'size=1m'}});
  const document = await readFile(join(root, 'tm', 'opts.json'), 'utf8');
  t.is(document, '{"MountType":"tmpfs","MountOpts":"size=1m","MountDevice":"tmpfs","Quota":{"Size":0}}');
  await mkdir(join(root, 'foreign', '_data'), {recursive: true});
  await writeFile(join(root, 'foreign', 'opts.json'), document);
  t.deepEqual((await reopen()).get('foreign').options, {type: 'tmpfs', o: 'size=1m', device: 'tmpfs'});
});
