/**
 * Calls that the original containerd and ours must answer alike, in order: each may rely on what those before it made.
 * A step yields what is compared; a failure is compared by its code.
 */
import {createHash} from 'node:crypto';
import {WriteAction, type WriteContentRequest} from '@longshore/api/gen/containerd/services/content/v1/content';
import type {CallContext} from '@longshore/base';
import type {ContainerdClient} from '@longshore/containerd-client';

export interface Step {
  name: string;
  run: (client: ContainerdClient, inNamespace: (namespace: string, lease?: string) => CallContext) => Promise<unknown>;
}

const steps: Step[] = [];
const step = (name: string, run: Step['run']) => void steps.push({name, run});

const digestOf = (data: string) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const absent = digestOf('never stored');
const spec = {typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec', value: Buffer.from('{}')};
const runtime = {name: 'io.containerd.runc.v2'};
const big = 'v'.repeat(4096);
const root = {'containerd.io/gc.root': 'x'};

// Namespaces.
step('a namespace without a name', (c, at) => c.namespaces.create(at('sem'), {namespace: {name: ''}}));
for (const name of ['a b', 'a/b', '-a', 'a..b', 'a_', 'x'.repeat(77)]) {
  step(`a namespace "${name.slice(0, 10)}"`, (c, at) => c.namespaces.create(at('sem'), {namespace: {name}}));
}
step('create a namespace', async (c, at) => {
  const {namespace} = await c.namespaces.create(at('sem'), {namespace: {name: 'sem', labels: {a: '1', b: '2'}}});
  return namespace;
});
step('create it again', (c, at) => c.namespaces.create(at('sem'), {namespace: {name: 'sem'}}));
step('set one label of it', async (c, at) => {
  const given = {namespace: {name: 'sem', labels: {a: '3', c: '4'}}, updateMask: ['labels.a']};
  await c.namespaces.update(at('sem'), given);
  return (await c.namespaces.get(at('sem'), {name: 'sem'})).namespace;
});
step('remove one label of it', async (c, at) => {
  await c.namespaces.update(at('sem'), {namespace: {name: 'sem', labels: {}}, updateMask: ['labels.b']});
  return (await c.namespaces.get(at('sem'), {name: 'sem'})).namespace;
});
step('update another field of it', (c, at) =>
  c.namespaces.update(at('sem'), {namespace: {name: 'sem'}, updateMask: ['name']}),
);
step('a label of it that is too long', (c, at) =>
  c.namespaces.update(at('sem'), {namespace: {name: 'sem', labels: {big}}, updateMask: ['labels.big']}),
);
step('delete a namespace that is not there', (c, at) => c.namespaces.delete(at('sem'), {name: 'nosuch'}));
step('list namespaces', async (c, at) =>
  (await c.namespaces.list(at('sem'), {})).namespaces.map(({name}) => name).sort(),
);

// Headers.
step('a call without a namespace', (c, at) => c.containers.list(at(''), {}));
step('a call with a namespace that is none', (c, at) => c.containers.list(at('a b'), {}));
step('a call with a lease that is not there', (c, at) =>
  c.snapshots.prepare(at('sem', 'nosuch'), {snapshotter: 'native', key: 'leased'}),
);
step(
  'a namespace that was never made is empty',
  async (c, at) => (await c.containers.list(at('unseen'), {})).containers,
);

// Containers.
const container = (more: object) => ({container: {id: 'c1', runtime, spec, ...more}});
for (const id of ['', '-x', 'a/b', 'a b', 'x'.repeat(77), '.a', 'a.']) {
  step(`a container "${id.slice(0, 10)}"`, (c, at) => c.containers.create(at('sem'), container({id})));
}
step('a container without runtime', (c, at) => c.containers.create(at('sem'), container({runtime: {name: ''}})));
step('a container without spec', (c, at) => c.containers.create(at('sem'), container({spec: undefined})));
step('a container with a snapshot but no snapshotter', (c, at) =>
  c.containers.create(at('sem'), container({snapshotKey: 'k'})),
);
step('a container with a label that is too long', (c, at) =>
  c.containers.create(at('sem'), container({labels: {big}})),
);
step('create containers', async (c, at) => {
  const labels = {foo: 'bar', 'a.b/c': 'x', empty: ''};
  const first = await c.containers.create(at('sem'), container({labels, image: 'img:1'}));
  await c.containers.create(at('sem'), container({id: 'c2', labels: {foo: 'baz'}, image: 'img:2'}));
  await c.containers.create(at('sem'), container({id: 'd3'}));
  return {...first.container, createdAt: undefined, updatedAt: undefined};
});
step('create one again', (c, at) => c.containers.create(at('sem'), container({})));
step('get one that is not there', (c, at) => c.containers.get(at('sem'), {id: 'nosuch'}));
step('get one of another namespace', (c, at) => c.containers.get(at('other'), {id: 'c1'}));
const filters = [
  ...[
    '',
    'id',
    'id==c1',
    'id!=c1',
    'id~=^c',
    'id~=c.',
    'id=="c1"',
    "id=='c1'",
    'id==c1,labels.foo==bar',
    'id==c1,id==c2',
  ],
  ...['labels.foo', 'labels.foo==bar', 'labels.foo!=bar', 'labels.foo~=ba.', 'labels."a.b/c"==x', 'labels.a.b/c==x'],
  ...['labels."foo"==bar', 'labels.nosuch', 'labels.nosuch!=x', 'labels.empty', 'labels.empty==""', 'labels'],
  ...[
    'image==img:1',
    'image~=img',
    'runtime.name==io.containerd.runc.v2',
    'runtime==x',
    'bogus==x',
    'bogus',
    'bogus!=x',
  ],
  ...[
    'id=',
    'id==',
    'id=c1',
    '==c1',
    'id===c1',
    'id ==c1',
    ' id==c1',
    'id==c1 ',
    'id==c1,',
    ',id==c1',
    ',',
    'id==c1,,id==c1',
  ],
  ...[
    'labels.',
    '.id==c1',
    'id.==c1',
    'labels."foo',
    'labels."foo"bar==x',
    'id==c1 id==c2',
    'id ',
    'id==c1 ,id==c1',
    'id==c1, id==c1',
    'labels.foo ,id==c1',
    'id== c1',
    'id!c1',
    'id~c1',
    'id~=/c1/',
  ],
  ...[
    'id~=|c1|',
    'labels.foo~=/^ba[rz]$/',
    'labels.foo~="^ba[rz]$"',
    'id<c1',
    '!id',
    'id==c1;id==c2',
    'ID==c1',
    'id==\\x',
    'id=="\\x63\\x31"',
  ],
];
for (const filter of filters) {
  step(`containers that match ${JSON.stringify(filter)}`, async (c, at) =>
    (await c.containers.list(at('sem'), {filters: [filter]})).containers.map(({id}) => id),
  );
}
step('several filters are alternatives', async (c, at) =>
  (await c.containers.list(at('sem'), {filters: ['id==c1', 'labels.foo==baz', 'id==c1']})).containers.map(({id}) => id),
);
step('a stream of containers', async (c, at) => {
  const ids: string[] = [];
  for await (const {container: one} of c.containers.listStream(at('sem'), {filters: ['id~=^c']}))
    ids.push(one?.id ?? '');
  return ids;
});
const updates: [name: string, more: object, mask: string[] | undefined][] = [
  ['one label', {labels: {foo: 'new', other: 'x'}}, ['labels.foo']],
  ['all labels', {labels: {only: '1'}}, ['labels']],
  ['removes a label', {labels: {}}, ['labels.only']],
  ['image', {image: 'img:9', labels: {no: 'no'}}, ['image']],
  ['an extension', {extensions: {e: spec}}, ['extensions.e']],
  ['snapshot key', {snapshotKey: 's', snapshotter: 'native'}, ['snapshotkey']],
  ['snapshotter', {snapshotter: 'other'}, ['snapshotter']],
  ['runtime', {runtime: {name: 'x.y.z'}}, ['runtime']],
  ['runtime name', {runtime: {name: 'x.y.z'}}, ['runtime.name']],
  ['id', {}, ['id']],
  ['an unknown field', {}, ['bogus']],
  ['several', {labels: {p: 'q'}, image: 'img:10'}, ['labels.p', 'image']],
  ['all but the fixed', {labels: {all: 'y'}, image: 'img:11'}, undefined],
  ['spec to nothing', {spec: undefined}, ['spec']],
  ['too long a label', {labels: {big}}, ['labels.big']],
];
for (const [name, more, updateMask] of updates) {
  step(`update of a container: ${name}`, async (c, at) => {
    const request = {...container(more), ...(updateMask && {updateMask})};
    const {container: changed} = await c.containers.update(at('sem'), request);
    const {labels, image, snapshotKey, snapshotter, extensions} = changed ?? {};
    return {
      labels,
      image,
      snapshotKey,
      snapshotter,
      extensions: Object.keys(extensions ?? {}),
      spec: changed?.spec?.typeUrl,
    };
  });
}
step('update of a container that is not there', (c, at) =>
  c.containers.update(at('sem'), {...container({id: 'nosuch'}), updateMask: ['labels']}),
);
step('delete a container that is not there', (c, at) => c.containers.delete(at('sem'), {id: 'nosuch'}));
step('delete a namespace that is not empty', (c, at) => c.namespaces.delete(at('sem'), {name: 'sem'}));

// Content.
type Part = Partial<WriteContentRequest>;
async function write(c: ContainerdClient, ctx: CallContext, ...parts: Part[]) {
  await using call = c.content.write(ctx);
  const answers: unknown[] = [];
  for (const part of parts) {
    await call.write(part).catch(() => {});
    const {value} = await call.responses.next();
    if (value) answers.push({action: value.action, offset: value.offset, total: value.total, digest: value.digest});
  }
  call.end();
  for await (const _late of call.responses); // the reference is free when the server has ended the call
  return answers;
}
const {STAT, WRITE, COMMIT} = WriteAction;
const hello = digestOf('hello');
step('a write without reference', (c, at) => write(c, at('sem'), {action: STAT}));
step('state of a new write', (c, at) => write(c, at('sem'), {action: STAT, ref: 'r1', total: 5n}));
step('a write at a wrong offset', (c, at) =>
  write(c, at('sem'), {action: WRITE, ref: 'r2', offset: 7n, data: Buffer.from('x')}),
);
step('a commit of another size', (c, at) =>
  write(
    c,
    at('sem'),
    {action: WRITE, ref: 'r3', data: Buffer.from('hello')},
    {action: COMMIT, ref: 'r3', offset: 5n, total: 9n},
  ),
);
step('a commit of another digest', (c, at) =>
  write(c, at('sem'), {action: COMMIT, ref: 'r3', offset: 5n, expected: absent}),
);
step('what is left of it', async (c, at) => {
  const {status} = await c.content.status(at('sem'), {ref: 'r3'});
  return {...status, startedAt: undefined, updatedAt: undefined};
});
step('a commit that is right', (c, at) =>
  write(c, at('sem'), {
    action: COMMIT,
    ref: 'r3',
    offset: 5n,
    total: 5n,
    expected: hello,
    labels: {k: 'v', 'containerd.io/gc.root': 'x'},
  }),
);
step('the same content by another reference', (c, at) =>
  write(c, at('sem'), {action: WRITE, ref: 'r4', data: Buffer.from('hello')}, {action: COMMIT, ref: 'r4', offset: 5n}),
);
step('a write of content that is there', (c, at) => write(c, at('sem'), {action: STAT, ref: 'r5', expected: hello}));
step('an expected digest that is none', (c, at) =>
  write(c, at('sem'), {action: STAT, ref: 'r6', expected: 'sha256:xyz'}),
);
step('content of another namespace, by digest', async (c, at) => {
  const commit = {action: COMMIT, ref: 'r7', offset: 5n, total: 5n, expected: hello, labels: {mine: 'x', ...root}};
  await write(c, at('other'), {action: STAT, ref: 'r7', total: 5n, expected: hello}, commit);
  return (await c.content.info(at('other'), {digest: hello})).info?.labels;
});
step('info of content', async (c, at) => {
  const {info} = await c.content.info(at('sem'), {digest: hello});
  return {...info, createdAt: undefined, updatedAt: undefined};
});
for (const digest of ['', 'foo', 'sha256:xyz', absent, `md5:${'0'.repeat(32)}`]) {
  step(`info of ${digest.slice(0, 12)}`, (c, at) => c.content.info(at('sem'), {digest}));
  step(`delete of ${digest.slice(0, 12)}`, (c, at) => c.content.delete(at('sem'), {digest}));
}
const ranges: [offset: bigint, size: bigint][] = [
  [0n, 0n],
  [1n, 2n],
  [2n, 0n],
  [5n, 0n],
  [0n, 5n],
  [0n, 6n],
  [6n, 0n],
  [-1n, 0n],
  [0n, -1n],
  [9n, -1n],
];
for (const [offset, size] of ranges) {
  step(`read from ${offset}, ${size} bytes`, async (c, at) => {
    const parts: Buffer[] = [];
    for await (const {data} of c.content.read(at('sem'), {digest: hello, offset, size})) parts.push(Buffer.from(data));
    return Buffer.concat(parts).toString();
  });
}
step('read what is not there', async (c, at) => {
  for await (const _part of c.content.read(at('sem'), {digest: absent}));
});
for (const mask of [['labels.k'], ['labels'], ['size'], ['labels.'], []]) {
  step(`update of content by ${JSON.stringify(mask)}`, async (c, at) => {
    const info = {digest: hello, labels: {k: 'w', m: 'n', 'containerd.io/gc.root': 'x'}};
    return (await c.content.update(at('sem'), {info, updateMask: mask})).info?.labels;
  });
}
step('update of content that is not there', (c, at) => c.content.update(at('sem'), {info: {digest: absent}}));
for (const filter of [
  `digest==${hello}`,
  'labels.k==w',
  'size==5',
  'size~=^5',
  'labels.nosuch',
  'bogus==1',
  'size=5',
]) {
  step(`content that matches ${filter.slice(0, 20)}`, async (c, at) => {
    const found: string[] = [];
    for await (const {info} of c.content.list(at('sem'), {filters: [filter]}))
      found.push(...info.map(({digest}) => digest));
    return found;
  });
}
step('state of an upload that is not there', (c, at) => c.content.status(at('sem'), {ref: 'nosuch'}));
step('abort one that is not there', (c, at) => c.content.abort(at('sem'), {ref: 'nosuch'}));
step('uploads', async (c, at) => {
  await write(c, at('sem'), {action: WRITE, ref: 'left', data: Buffer.from('abc'), total: 9n});
  const {statuses} = await c.content.listStatuses(at('sem'), {filters: ['ref==left']});
  return statuses.map(({ref, offset, total}) => ({ref, offset, total}));
});
step('an upload goes on', (c, at) =>
  write(
    c,
    at('sem'),
    {action: STAT, ref: 'left', total: 9n},
    {action: WRITE, ref: 'left', offset: 3n, data: Buffer.from('d')},
  ),
);
step('an upload starts anew', (c, at) =>
  write(
    c,
    at('sem'),
    {action: STAT, ref: 'left', total: 9n},
    {action: WRITE, ref: 'left', offset: 0n, data: Buffer.from('z')},
  ),
);
step('abort an upload', (c, at) => c.content.abort(at('sem'), {ref: 'left'}));

// Images.
const target = {mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: hello, size: 5n};
step('an image without name', (c, at) => c.images.create(at('sem'), {image: {name: '', target}}));
step('an image without target', (c, at) => c.images.create(at('sem'), {image: {name: 'i'}}));
for (const [name, wrong] of [
  ['digest', {...target, digest: ''}],
  ['a digest that is none', {...target, digest: 'foo'}],
  ['media type', {...target, mediaType: ''}],
  ['size', {...target, size: 0n}],
  ['a size below zero', {...target, size: -1n}],
] as const) {
  step(`an image whose target lacks ${name}`, (c, at) =>
    c.images.create(at('sem'), {image: {name: 'i', target: wrong}}),
  );
}
step('create images', async (c, at) => {
  const {image} = await c.images.create(at('sem'), {image: {name: 'img:1', target, labels: {l: '1', m: '2'}}});
  await c.images.create(at('sem'), {image: {name: 'img:2', target: {...target, annotations: {x: 'y'}}}});
  return {...image, createdAt: undefined, updatedAt: undefined};
});
step('create an image again', (c, at) => c.images.create(at('sem'), {image: {name: 'img:1', target}}));
step('an image of another namespace', (c, at) => c.images.get(at('other'), {name: 'img:1'}));
for (const filter of [
  'name==img:1',
  'labels.l==1',
  `target.digest==${hello}`,
  `target.mediatype~=oci`,
  'target.size==5',
  'annotations.x==y',
  'target==x',
  'bogus',
]) {
  step(`images that match ${filter.slice(0, 24)}`, async (c, at) =>
    (await c.images.list(at('sem'), {filters: [filter]})).images.map(({name}) => name),
  );
}
for (const mask of [['labels.l'], ['labels'], ['target'], ['name'], ['annotations'], ['bogus'], []]) {
  step(`update of an image by ${JSON.stringify(mask)}`, async (c, at) => {
    const image = {name: 'img:1', target: {...target, size: 6n}, labels: {l: '9', n: '8'}};
    const {image: changed} = await c.images.update(at('sem'), {image, updateMask: mask});
    return {labels: changed?.labels, size: changed?.target?.size};
  });
}
step('update of an image that is not there', (c, at) => c.images.update(at('sem'), {image: {name: 'nosuch', target}}));
step('update of an image without name', (c, at) => c.images.update(at('sem'), {image: {name: '', target}}));
step('delete an image that is not there', (c, at) => c.images.delete(at('sem'), {name: 'nosuch'}));

// Snapshots.
const snapshotter = 'native';
for (const name of ['', 'nosuch']) {
  step(`the snapshotter "${name}"`, (c, at) => c.snapshots.stat(at('sem'), {snapshotter: name, key: 'k'}));
}
step('prepare', async (c, at) => {
  const {mounts} = await c.snapshots.prepare(at('sem'), {snapshotter, key: 'k', labels: {...root, a: '1'}});
  return mounts.map(({type, options}) => ({type, options}));
});
step('prepare it again', (c, at) => c.snapshots.prepare(at('sem'), {snapshotter, key: 'k'}));
step('view it', (c, at) => c.snapshots.view(at('sem'), {snapshotter, key: 'k'}));
step('prepare on a parent that is not there', (c, at) =>
  c.snapshots.prepare(at('sem'), {snapshotter, key: 'y', parent: 'no'}),
);
step('prepare on a parent that is active', (c, at) =>
  c.snapshots.prepare(at('sem'), {snapshotter, key: 'y', parent: 'k'}),
);
step('prepare with a label that is too long', (c, at) =>
  c.snapshots.prepare(at('sem'), {snapshotter, key: 'y', labels: {big}}),
);
step('commit what is not there', (c, at) => c.snapshots.commit(at('sem'), {snapshotter, key: 'no', name: 'base'}));
step('commit', async (c, at) => {
  await c.snapshots.commit(at('sem'), {snapshotter, key: 'k', name: 'base', labels: {...root, b: '2'}});
  const {info} = await c.snapshots.stat(at('sem'), {snapshotter, key: 'base'});
  return {...info, createdAt: undefined, updatedAt: undefined};
});
step('the key that was committed', (c, at) => c.snapshots.stat(at('sem'), {snapshotter, key: 'k'}));
step('commit onto a name in use', async (c, at) => {
  await c.snapshots.prepare(at('sem'), {snapshotter, key: 'k2', parent: 'base', labels: root});
  await c.snapshots.commit(at('sem'), {snapshotter, key: 'k2', name: 'base'});
});
step('mounts of a committed snapshot', (c, at) => c.snapshots.mounts(at('sem'), {snapshotter, key: 'base'}));
step('mounts of one that is not there', (c, at) => c.snapshots.mounts(at('sem'), {snapshotter, key: 'no'}));
step('usage of one that is not there', (c, at) => c.snapshots.usage(at('sem'), {snapshotter, key: 'no'}));
step('a view', async (c, at) => {
  const {mounts} = await c.snapshots.view(at('sem'), {snapshotter, key: 'v', parent: 'base', labels: root});
  return mounts.map(({type, options}) => ({type, options}));
});
step('commit of a view', (c, at) => c.snapshots.commit(at('sem'), {snapshotter, key: 'v', name: 'v2'}));
step('remove a parent', (c, at) => c.snapshots.remove(at('sem'), {snapshotter, key: 'base'}));
step('remove what is not there', (c, at) => c.snapshots.remove(at('sem'), {snapshotter, key: 'no'}));
step('a snapshot of another namespace', (c, at) => c.snapshots.stat(at('other'), {snapshotter, key: 'base'}));
step('the target of an unpack that is there', (c, at) =>
  c.snapshots.prepare(at('sem'), {snapshotter, key: 'e', labels: {'containerd.io/snapshot.ref': 'base'}}),
);
for (const mask of [['labels.b'], ['labels'], ['parent'], ['name'], ['kind'], []]) {
  step(`update of a snapshot by ${JSON.stringify(mask)}`, async (c, at) => {
    const info = {name: 'base', labels: {...root, b: '3', c: '4'}};
    return (await c.snapshots.update(at('sem'), {snapshotter, info, updateMask: mask})).info?.labels;
  });
}
step('update of a snapshot that is not there', (c, at) =>
  c.snapshots.update(at('sem'), {snapshotter, info: {name: 'no', labels: {}}}),
);
for (const filter of [
  'name==base',
  'parent==base',
  'kind==committed',
  'kind==Committed',
  'kind==active',
  'labels.b',
  'bogus',
]) {
  step(`snapshots that match ${filter}`, async (c, at) => {
    const found: string[] = [];
    for await (const {info} of c.snapshots.list(at('sem'), {snapshotter, filters: [filter]}))
      found.push(...info.map(({name, kind}) => `${name} ${kind}`));
    return found.sort();
  });
}

// Leases.
step('a lease', async (c, at) => {
  const {lease} = await c.leases.create(at('sem'), {id: 'l1', labels: {a: 'b'}});
  return {...lease, createdAt: undefined};
});
step('the lease again', (c, at) => c.leases.create(at('sem'), {id: 'l1'}));
step('a lease without id', async (c, at) => (await c.leases.create(at('sem'), {id: ''})).lease?.id !== '');
step('delete a lease that is not there', (c, at) => c.leases.delete(at('sem'), {id: 'nosuch'}));
for (const type of ['content', 'ingests', 'snapshots/native', 'snapshots', 'images', 'bogus', '']) {
  step(`a lease keeps ${type || 'nothing'}`, async (c, at) => {
    await c.leases.addResource(at('sem'), {id: 'l1', resource: {type, id: type === 'content' ? hello : 'x'}});
    return (await c.leases.listResources(at('sem'), {id: 'l1'})).resources.map(resource => resource.type).sort();
  });
}
step('a resource of a lease that is not there', (c, at) =>
  c.leases.addResource(at('sem'), {id: 'nosuch', resource: {type: 'content', id: hello}}),
);
step('resources of a lease that is not there', (c, at) => c.leases.listResources(at('sem'), {id: 'nosuch'}));
step('take back a resource that it has not', (c, at) =>
  c.leases.deleteResource(at('sem'), {id: 'l1', resource: {type: 'content', id: absent}}),
);
for (const filter of ['id==l1', 'labels.a==b', 'labels.a', 'bogus==x']) {
  step(`leases that match ${filter}`, async (c, at) =>
    (await c.leases.list(at('sem'), {filters: [filter]})).leases.map(({id}) => id),
  );
}
step('a lease of another namespace', (c, at) => c.leases.listResources(at('other'), {id: 'l1'}));

// Tasks.
const id = 'c1';
step('a task without container', (c, at) => c.tasks.create(at('sem'), {containerId: 'nosuch'}));
step('get a task that is not there', (c, at) => c.tasks.get(at('sem'), {containerId: id}));
step('start a task that is not there', (c, at) => c.tasks.start(at('sem'), {containerId: id}));
step('delete a task that is not there', (c, at) => c.tasks.delete(at('sem'), {containerId: id}));
step('kill a task that is not there', (c, at) => c.tasks.kill(at('sem'), {containerId: id, signal: 9}));
step('wait for a task that is not there', (c, at) => c.tasks.wait(at('sem'), {containerId: id}));
step('a process in a task that is not there', (c, at) => c.tasks.exec(at('sem'), {containerId: id, execId: 'e', spec}));
step('processes of a task that is not there', (c, at) => c.tasks.listPids(at('sem'), {containerId: id}));
step('pause a task that is not there', (c, at) => c.tasks.pause(at('sem'), {containerId: id}));
step('tasks', async (c, at) => (await c.tasks.list(at('sem'), {})).tasks.length);
step('metrics of no task', async (c, at) => (await c.tasks.metrics(at('sem'), {filters: ['id==c1']})).metrics);
step('metrics by a broken filter', (c, at) => c.tasks.metrics(at('sem'), {filters: ['id=']}));

// Events, diff, health, introspection.
const event = {typeUrl: 'x', value: Buffer.from('')};
for (const topic of ['', 'x', '/', '/a', '/a b', '/a/b', '/a//b', '/a/']) {
  step(`an event of topic "${topic}"`, (c, at) => c.events.publish(at('sem'), {topic, event}));
}
step('an event without a namespace', (c, at) => c.events.publish(at(''), {topic: '/a', event}));
// An event without content ends the original in a panic.
step('apply a blob that is not there', (c, at) =>
  c.diff.apply(at('sem'), {
    diff: {mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: absent, size: 1n},
    mounts: [],
  }),
);
step('apply what is no layer', (c, at) =>
  c.diff.apply(at('sem'), {diff: {mediaType: 'application/json', digest: hello, size: 5n}, mounts: []}),
);
step('health', (c, at) => c.health.check(at(''), {}));
step('health of a service that is not there', (c, at) => c.health.check(at(''), {service: 'nosuch'}));
step('plugins by a broken filter', (c, at) => c.introspection.plugins(at(''), {filters: ['type=']}));
step(
  'plugins that do not exist',
  async (c, at) => (await c.introspection.plugins(at(''), {filters: ['type==nosuch']})).plugins,
);

// The end.
step('delete everything', async (c, at) => {
  const ctx = at('sem');
  for (const {id: one} of (await c.containers.list(ctx, {})).containers) await c.containers.delete(ctx, {id: one});
  for (const {name} of (await c.images.list(ctx, {})).images) await c.images.delete(ctx, {name});
  for (const key of ['v', 'k2', 'base']) await c.snapshots.remove(ctx, {snapshotter, key});
  await c.content.delete(ctx, {digest: hello});
  for (const {ref} of (await c.content.listStatuses(ctx, {})).statuses) await c.content.abort(ctx, {ref});
  await c.leases.delete(ctx, {id: 'l1', sync: true});
});
step('delete the namespace', (c, at) => c.namespaces.delete(at('sem'), {name: 'sem'}));
step('and again', (c, at) => c.namespaces.delete(at('sem'), {name: 'sem'}));

export const semanticsSteps: readonly Step[] = steps;
