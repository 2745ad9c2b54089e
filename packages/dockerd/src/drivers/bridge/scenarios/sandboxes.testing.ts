/** Sandboxes: made, removed, taken over from a killed daemon. */
import {deepStrictEqual as equal, match, ok, rejects} from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {inNetns, openNetlink} from '@longshore/linux';
import {ctx, execRoot, fetchFrom, links, linksBecome, open, request, root, serve, textFrom} from './support.testing.ts';

export const sandboxesScenarios: Record<string, () => Promise<void>> = {
  async 'default bridge'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), '1\n');
    const a = await networks.controller.attach(ctx, request('a'));
    const b = await networks.controller.attach(ctx, request('b'));
    for (const name of ['a', 'b']) networks.controller.announce(request(name).containerId);
    const endpoint = b.settings.Networks?.bridge;
    equal([endpoint?.IPAddress, endpoint?.IPPrefixLen, endpoint?.Gateway], ['172.17.0.3', 16, '172.17.0.1']);
    {
      using inside = inNetns(b.netnsPath as string, openNetlink);
      const eth0 = inside.linkGet('eth0');
      equal([eth0.mac, eth0.up, eth0.mtu], [endpoint?.MacAddress, true, 1500]);
      equal(inside.linkGet('lo').up, true);
      equal(
        inside.addressList('eth0').map(({prefix, broadcast}) => [prefix, broadcast]),
        [['172.17.0.3/16', '172.17.255.255']],
      );
      ok(inside.routeList().some(({destination, gateway}) => destination === 'default' && gateway === '172.17.0.1'));
    }
    const server = await serve(b.netnsPath as string, 'hello from b');
    equal(await fetchFrom(a.netnsPath as string, '172.17.0.3'), 'hello from b');
    equal(await textFrom('172.17.0.3'), 'hello from b');
    server.close();
    match(readFileSync(join(root, 'b-hosts'), 'utf8'), /^172\.17\.0\.3\tb$/m);
    for (const name of ['a', 'b']) await networks.controller.release(ctx, request(name).containerId);
    await networks.controller.release(ctx, request('a').containerId);
    await linksBecome(['docker0']);
    equal(readdirSync(join(execRoot, 'netns')), []);
    equal(readdirSync(join(execRoot, 'libnetwork')), []);
    equal(networks.events(), ['connect bridge', 'connect bridge', 'disconnect bridge', 'disconnect bridge']);
  },

  async 'none and host'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const none = await networks.controller.attach(ctx, request('n', {networkMode: 'none'}));
    {
      using inside = inNetns(none.netnsPath as string, openNetlink);
      equal(
        inside.linkList().map(({name, up}) => [name, up]),
        [['lo', true]],
      );
    }
    const host = await networks.controller.attach(ctx, request('h', {networkMode: 'host'}));
    equal(host.netnsPath, undefined);
    equal(host.settings.SandboxKey, join(execRoot, 'netns', 'default'));
    equal(readFileSync(join(root, 'h-hosts'), 'utf8'), readFileSync('/etc/hosts', 'utf8'));
    for (const name of ['n', 'h']) await networks.controller.release(ctx, request(name).containerId);
    equal(readdirSync(join(execRoot, 'netns')), []);
  },

  async 'an address that changes hands reaches its new owner at once'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const client = await networks.controller.attach(ctx, request('client'));
    for (const name of ['first', 'second']) {
      const owner = await networks.controller.attach(ctx, request(name));
      equal(owner.settings.Networks?.bridge?.IPAddress, '172.17.0.3');
      const server = await serve(owner.netnsPath as string, name);
      equal(await fetchFrom(client.netnsPath as string, '172.17.0.3'), name);
      equal(await textFrom('172.17.0.3'), name);
      server.close();
      await networks.controller.release(ctx, request(name).containerId);
    }
  },

  async 'a failed attach leaves nothing'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const bad = {...request('bad'), files: {...request('bad').files, hosts: join(root, 'no', 'such', 'hosts')}};
    await rejects(networks.controller.attach(ctx, bad), /^EngineError: failed to set up container networking: ENOENT/);
    await rejects(networks.controller.attach(ctx, request('bad', {networkMode: 'nosuch'})), {
      code: 'not-found',
      message: 'failed to set up container networking: network nosuch not found',
    });
    await linksBecome(['docker0']);
    equal([readdirSync(join(execRoot, 'netns')), readdirSync(join(execRoot, 'libnetwork'))], [[], []]);
    const good = await networks.controller.attach(ctx, request('good'));
    equal(good.settings.Networks?.bridge?.IPAddress, '172.17.0.2');
  },

  async 'a killed daemon is taken over from'() {
    const before = await open();
    await before.controller.restore(ctx, []);
    const kept = await before.controller.attach(ctx, request('kept'));
    await before.controller.attach(ctx, request('dead'));
    const id = before.manager.get('bridge').record.Id;
    equal(links().length, 3);
    // Nothing of `before` is closed: that is what a kill does. A file without a record is what one in the middle does.
    execFileSync('touch', [join(execRoot, 'netns', '0123456789ab'), join(execRoot, 'libnetwork', 'x.new')]);
    await using after = await open();
    equal(after.manager.get('bridge').record.Id, id);
    await after.controller.restore(ctx, [{request: request('kept'), settings: kept.settings}]);
    equal(readdirSync(join(execRoot, 'netns')), [kept.netnsPath?.split('/').at(-1)]);
    equal(readdirSync(join(execRoot, 'libnetwork')).length, 1);
    const veth = links().filter(name => name.startsWith('veth'));
    await linksBecome(['docker0', veth[0] as string]);
    equal([...after.manager.get('bridge').endpoints.keys()], [request('kept').containerId]);
    const next = await after.controller.attach(ctx, request('next'));
    equal(next.settings.Networks?.bridge?.IPAddress, '172.17.0.3');
    await after.controller.release(ctx, request('kept').containerId);
    const reused = await after.controller.attach(ctx, request('again'));
    equal(reused.settings.Networks?.bridge?.IPAddress, '172.17.0.2');
    equal(after.events().filter(event => event.startsWith('disconnect')).length, 1);
  },

  async 'many at once'() {
    await using networks = await open();
    await networks.controller.restore(ctx, []);
    const names = Array.from({length: 20}, (_, i) => `c${i}`);
    const all = await Promise.all(names.map(name => networks.controller.attach(ctx, request(name))));
    equal(new Set(all.map(({settings}) => settings.Networks?.bridge?.IPAddress)).size, 20);
    await Promise.all(names.map(name => networks.controller.release(ctx, request(name).containerId)));
    await linksBecome(['docker0']);
    equal(readdirSync(join(execRoot, 'netns')), []);
  },
};
