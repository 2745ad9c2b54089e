/** Published ports. */
import {deepStrictEqual as equal, ok, rejects} from 'node:assert/strict';
import {existsSync} from 'node:fs';
import {sleep} from '@longshore/base';
import {bindInet, closeFd} from '@longshore/linux';
import {ctx, fetchFrom, open, proxies, request, rules, serve, textFrom} from './support.testing.ts';

export const portsScenarios: Record<string, () => Promise<void>> = {
  async 'published ports'() {
    const publish = {
      exposedPorts: ['80/tcp', '53/udp'],
      portBindings: {'80/tcp': [{HostIp: '', HostPort: '8080'}], '53/udp': [{HostIp: '', HostPort: ''}]},
    };
    const networks = await open();
    await networks.controller.restore(ctx, []);
    const before = ['raw', 'filter', 'nat'].flatMap(table => rules(table));
    const web = await networks.controller.attach(ctx, request('web', publish));
    const server = await serve(web.netnsPath as string, 'hello from web');
    equal(
      web.settings.Ports?.['80/tcp']?.map(({HostPort}) => HostPort),
      ['8080', '8080'],
    );
    ok(
      rules('nat').includes('-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'),
    );
    equal(await textFrom('127.0.0.1', 8080), 'hello from web');
    equal(await textFrom('::1', 8080), 'hello from web');
    equal(await textFrom('172.17.0.1', 8080), 'hello from web');
    const other = await networks.controller.attach(ctx, request('other'));
    equal(await fetchFrom(other.netnsPath as string, '172.17.0.1', 8080), 'hello from web');
    equal(await fetchFrom(web.netnsPath as string, '172.17.0.1', 8080), 'hello from web');
    await rejects(networks.controller.attach(ctx, request('again', publish)), {
      code: 'unknown',
      message:
        /failed to set up container networking: driver failed programming external connectivity on endpoint again \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated/,
    });
    const taken = bindInet('tcp', '0.0.0.0', 8888);
    const fixed = {exposedPorts: ['80/tcp'], portBindings: {'80/tcp': [{HostIp: '', HostPort: '8888'}]}};
    await rejects(
      networks.controller.attach(ctx, request('again', fixed)),
      /failed to bind host port 0\.0\.0\.0:8888\/tcp: address already in use/,
    );
    closeFd(taken);
    // A killed daemon: its proxies end by themselves, and the next one makes new ones.
    for (const pid of proxies()) process.kill(pid, 'SIGTERM');
    for (let i = 0; i < 100 && proxies().length > 0; i++) await sleep(20);
    await using after = await open();
    await after.controller.restore(ctx, [{request: request('web', publish), settings: web.settings}]);
    equal(await textFrom('127.0.0.1', 8080), 'hello from web');
    await after.controller.release(ctx, request('web').containerId);
    equal(await textFrom('127.0.0.1', 8080), '');
    equal(
      ['raw', 'filter', 'nat'].flatMap(table => rules(table)),
      before,
    );
    for (let i = 0; i < 100 && proxies().length > 0; i++) await sleep(20);
    equal(proxies(), []);
    server.close();
  },

  async 'published ports without a proxy'() {
    await using networks = await open({userlandProxy: false});
    await networks.controller.restore(ctx, []);
    const publish = {exposedPorts: ['80/tcp'], portBindings: {'80/tcp': [{HostIp: '', HostPort: '8080'}]}};
    const web = await networks.controller.attach(ctx, request('web', publish));
    const server = await serve(web.netnsPath as string, 'straight');
    const other = await networks.controller.attach(ctx, request('other'));
    equal(proxies(), []);
    equal(await textFrom('127.0.0.1', 8080), 'straight');
    equal(await textFrom('172.17.0.1', 8080), 'straight');
    equal(await fetchFrom(other.netnsPath as string, '172.17.0.1', 8080), 'straight');
    equal(await fetchFrom(web.netnsPath as string, '172.17.0.1', 8080), 'straight');
    server.close();
  },

  async 'the proxy of another engine'() {
    const original = '/usr/sbin/docker-proxy';
    if (!existsSync(original)) return;
    await using networks = await open({}, original);
    await networks.controller.restore(ctx, []);
    const publish = {exposedPorts: ['80/tcp'], portBindings: {'80/tcp': [{HostIp: '127.0.0.1', HostPort: '8081'}]}};
    const web = await networks.controller.attach(ctx, request('web', publish));
    const server = await serve(web.netnsPath as string, 'through theirs');
    equal(await textFrom('127.0.0.1', 8081), 'through theirs');
    await networks.controller.release(ctx, request('web').containerId);
    server.close();
  },
};
