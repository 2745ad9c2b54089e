/** What inspect and list show of a container at each step of its life, as API 1.51 of the original was recorded. */
import test from 'ava';
import {sharedEngine} from '../harness/shared-engine.ts';

const engine = sharedEngine(test);

interface Shown {
  ResolvConfPath: string;
  LogPath: string;
  ExecIDs: string[] | null;
  State: {Error: string; Health?: {Status: string; Log: unknown[] | null}};
  HostConfig: Record<string, unknown>;
  Config: Record<string, unknown>;
  NetworkSettings: {SandboxID: string; Networks: Record<string, Record<string, unknown>>};
}

async function create(body: Record<string, unknown>, version = 'v1.51'): Promise<string> {
  const answer = await engine().api.post<{Id: string}>(`/${version}/containers/create`, {Image: 'busybox', ...body});
  return answer.Id;
}
const inspect = (id: string) => engine().api.get<Shown>(`/v1.51/containers/${id}/json`);
const remove = (id: string) => engine().api.delete(`/containers/${id}?force=1&v=1`);

test('fields that a request leaves out are null, and files appear with the first start', async t => {
  const id = await create({
    Cmd: ['sleep', '1000'],
    Volumes: {},
    Healthcheck: {Test: ['CMD', 'true'], Interval: 3.6e12},
  });
  const created = await inspect(id);
  t.deepEqual([created.ResolvConfPath, created.LogPath], ['', '']);
  t.like(created.HostConfig, {PortBindings: null, BlkioWeightDevice: null, SecurityOpt: null, Dns: null, Binds: null});
  t.is(created.Config.Volumes, null);
  await engine().api.post(`/containers/${id}/start`);
  const {Id: exec} = await engine().api.post<{Id: string}>(`/containers/${id}/exec`, {Cmd: ['true']});
  const running = await inspect(id);
  t.regex(running.ResolvConfPath, /\/resolv\.conf$/);
  t.regex(running.LogPath, /-json\.log$/);
  t.deepEqual(running.State.Health?.Log, []);
  t.deepEqual(running.ExecIDs, [exec]);
  await engine().docker('exec', id, 'true');
  t.deepEqual((await inspect(id)).ExecIDs, [exec]);
  await remove(id);
});

test('a start that the runtime refuses leaves no addresses', async t => {
  const id = await create({Cmd: ['sleep', '1000'], HostConfig: {CpuShares: 1}});
  t.is((await engine().api.send(`/containers/${id}/start`, {method: 'POST'})).status, 500);
  const {State, NetworkSettings} = await inspect(id);
  t.regex(State.Error, /minimum allowed cpu-shares is 2/);
  t.is(NetworkSettings.SandboxID, '');
  t.like(NetworkSettings.Networks.bridge, {EndpointID: '', IPAddress: '', Gateway: '', IPPrefixLen: 0});
  await remove(id);
});

test('a list has no names of endpoints', async t => {
  await engine().dockerOk('network', 'create', 'named');
  const id = await create({
    Cmd: ['sleep', '1000'],
    HostConfig: {NetworkMode: 'named'},
    NetworkingConfig: {EndpointsConfig: {named: {Aliases: ['other']}}},
  });
  await engine().api.post(`/containers/${id}/start`);
  t.deepEqual((await inspect(id)).NetworkSettings.Networks.named?.Aliases, ['other']);
  const list = await engine().api.get<(Pick<Shown, 'NetworkSettings'> & {Id: string})[]>('/containers/json');
  const own = list.find(each => each.Id === id);
  t.like(own?.NetworkSettings.Networks.named, {Aliases: null, DNSNames: null});
  await remove(id);
  await engine().dockerOk('network', 'rm', 'named');
});

test('what is out of date is warned of, and what there is not is refused', async t => {
  const warnings = async (host: Record<string, unknown>, version: string) => {
    const body = {Image: 'busybox', HostConfig: host};
    const answer = await engine().api.post<{Id: string; Warnings: string[]}>(`/${version}/containers/create`, body);
    await remove(answer.Id);
    return answer.Warnings.join('\n');
  };
  t.is(await warnings({CpuPercent: 50}, 'v1.51'), 'linux does not support CPU percent. Percent discarded.');
  t.not(await warnings({KernelMemory: 50_000_000}, 'v1.41'), '');
  t.is(await warnings({KernelMemory: 50_000_000}, 'v1.42'), '');
  const refused = await engine().api.send<{message: string}>('/containers/create', {
    ...{method: 'POST', body: {Image: 'busybox', HostConfig: {CapAdd: ['CAP_ALL']}}},
  });
  t.deepEqual([refused.status, refused.body.message], [400, 'invalid CapAdd: unknown capability: "CAP_ALL"']);
});

test('security options of the daemon were only names before API 1.25', async t => {
  const options = async (version: string) =>
    (await engine().api.get<{SecurityOptions: string[]}>(`/${version}/info`)).SecurityOptions;
  t.true((await options('v1.24')).includes('seccomp'));
  t.true((await options('v1.25')).includes('name=seccomp,profile=builtin'));
});

test('a container whose new name is bad keeps its old one', async t => {
  const id = await create({});
  const answer = await engine().api.send<{message: string}>(`/containers/${id}/rename?name=a%2Fb`, {method: 'POST'});
  t.is(answer.status, 400);
  t.regex(answer.body.message, /^Error when allocating new name: Invalid container name \(\/a\/b\)/);
  await remove(id);
});

/** What an answer has in a version, and not in the other: the last one before or the first one after a change. */
const versionRules: [what: string, has: string, hasNot: string, holds: (version: string) => Promise<boolean>][] = [
  [
    'the manifest in an inspect',
    'v1.48',
    'v1.47',
    async version => 'ImageManifestDescriptor' in (await engine().api.get<object>(`/${version}/containers/aged/json`)),
  ],
  [
    'the short id among the aliases',
    'v1.44',
    'v1.45',
    async version => {
      const shown = await engine().api.get<Shown & {Id: string}>(`/${version}/containers/aged/json`);
      const aliases = shown.NetworkSettings.Networks['aged-net']?.Aliases as string[] | null;
      return aliases?.includes(shown.Id.slice(0, 12)) ?? false;
    },
  ],
  [
    'commits that were expected',
    'v1.48',
    'v1.49',
    async version => {
      const {RuncCommit} = await engine().api.get<{RuncCommit: object}>(`/${version}/info`);
      return 'Expected' in RuncCommit;
    },
  ],
  [
    'the virtual size of an image',
    'v1.43',
    'v1.44',
    async version => 'VirtualSize' in (await engine().api.get<object>(`/${version}/images/busybox/json`)),
  ],
  [
    'a check of the condition of a wait',
    'v1.30',
    'v1.29',
    async version => {
      const path = `/${version}/containers/ended/wait?condition=bogus`;
      return (await engine().api.send(path, {method: 'POST'})).status === 400;
    },
  ],
  [
    'a check of the platform of a create',
    'v1.41',
    'v1.40',
    async version => {
      const path = `/${version}/containers/create?name=foreign&platform=bogus/x/y/z`;
      const {status} = await engine().api.send(path, {method: 'POST', body: {Image: 'busybox'}});
      if (status === 201) await remove('foreign');
      return status >= 400;
    },
  ],
];

test('fields and rules that came or went with a version of the API', async t => {
  await engine().dockerOk('network', 'create', 'aged-net');
  await engine().dockerOk('create', '--name', 'aged', '--network', 'aged-net', 'busybox');
  await engine().dockerOk('run', '--name', 'ended', '--network', 'none', 'busybox', 'true');
  for (const [what, has, hasNot, holds] of versionRules) {
    t.deepEqual([await holds(has), await holds(hasNot)], [true, false], `${what}: in ${has}, not in ${hasNot}`);
  }
  for (const name of ['aged', 'ended']) await remove(name);
  await engine().dockerOk('network', 'rm', 'aged-net');
});
