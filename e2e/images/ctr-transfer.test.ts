/** ctr's pull, push, import and export: by containerd's transfer service, by ctr itself, and on a containerd without transfers. */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {busyboxArchive, debianExecutables, poll, type StandaloneContainerd} from '@longshore/testing';
import test, {type ExecutionContext} from 'ava';
import {openContainerd} from '../harness/open.ts';

const busybox = 'docker.io/library/busybox:latest';

/** Debian's registry in the sandbox of containerd, by TLS and with a password. */
async function startRegistry(t: ExecutionContext, c: StandaloneContainerd, host: string): Promise<{ca: string}> {
  const directory = join(c.paths.root, 'registry');
  mkdirSync(directory);
  const openssl = (line: string) => execFileSync('openssl', line.split(' '), {cwd: directory, stdio: 'pipe'});
  openssl('req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca');
  openssl('req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=reg');
  writeFileSync(join(directory, 'ext'), 'subjectAltName=DNS:reg.test,IP:127.0.0.1');
  openssl('x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile ext');
  // "secret"
  writeFileSync(join(directory, 'users'), 'me:$2b$04$2lap60/m/TSRnwtn1FSw5.1y/hzYrBJma99x9/JyYz1lhUOijycsu\n');
  const config = {
    ...{version: 0.1, log: {level: 'error'}, storage: {filesystem: {rootdirectory: join(directory, 'data')}}},
    http: {addr: host, tls: {certificate: join(directory, 'server.crt'), key: join(directory, 'server.key')}},
    auth: {htpasswd: {realm: 'test', path: join(directory, 'users')}},
  };
  writeFileSync(join(directory, 'config.yml'), JSON.stringify(config));
  const argv = ['docker-registry', 'serve', join(directory, 'config.yml')];
  const {pid} = await c.sandbox.spawn(argv, {env: {}, log: join(c.paths.logs, 'registry.log')});
  t.teardown(() => c.sandbox.kill(pid));
  const port = host.split(':')[1] ?? '';
  const isUp = async () => (await c.run(['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`])).exitCode === 0;
  await poll(isUp, {what: 'the registry to listen'});
  return {ca: join(directory, 'ca.crt')};
}

async function importBusybox(c: StandaloneContainerd, ...flags: string[]): Promise<string> {
  const archive = join(c.paths.scratch, 'busybox.tar');
  writeFileSync(archive, await busyboxArchive());
  return await c.ctrOk('images', 'import', ...flags, archive);
}

test('ctr pulls, pushes, imports and exports by transfers, and itself with --local', async t => {
  const c = await openContainerd(t);
  const host = '127.0.0.1:5443';
  const {ca} = await startRegistry(t, c, host);
  t.regex(await importBusybox(c), /^docker.io\/library\/busybox:latest +\tsaved\t\n.* sha256:.*\nImporting\telapsed: /);
  const name = `${host}/team/box:1`;
  await c.ctrOk('images', 'tag', busybox, name);
  const user = ['--user', 'me:secret'];
  const hosts = join(c.paths.root, 'hosts');
  mkdirSync(join(hosts, host), {recursive: true});
  writeFileSync(join(hosts, host, 'hosts.toml'), `server = "https://${host}"\nca = "${ca}"\n`);
  t.regex(
    await c.ctrOk('images', 'push', ...user, '--hosts-dir', hosts, name),
    /pushed content[\s\S]*└──manifest \([0-9a-f]{12}\) +\tcomplete/,
  );
  for (const [namespace, flags] of [
    ['one', ['--hosts-dir', hosts]],
    ['two', ['--local', '--tlscacert', ca]],
    ['three', ['--local', '--skip-verify']],
  ] as const) {
    const pulled = await c.ctrOk('--namespace', namespace, 'images', 'pull', ...user, ...flags, name);
    t.regex(pulled, /extracted/);
    t.regex(await c.ctrOk('--namespace', namespace, 'images', 'ls', '-q'), /team\/box:1/);
  }
  const wrong = await c.ctr('images', 'pull', '--user', 'me:wrong', '--hosts-dir', hosts, name);
  t.deepEqual([wrong.exitCode, wrong.stdout], [1, '']);
  t.regex(wrong.stderr, /^ctr: failed to resolve image: /);
  const unverified = await c.ctr('images', 'pull', '--skip-verify', name);
  t.is(unverified.stderr, 'ctr: "--skip-verify" requires "--local" flag');
  const [byTransfer, byClient] = [join(c.paths.scratch, 'a.tar'), join(c.paths.scratch, 'b.tar')];
  t.is(await c.ctrOk('images', 'export', byTransfer, name), '');
  await c.ctrOk('images', 'export', '--local', byClient, name);
  t.true(readFileSync(byTransfer).equals(readFileSync(byClient)));
  const labels = ['--label', 'a=b', '--index-name', 'all:1', '--no-unpack'];
  await c.ctrOk('--namespace', 'four', 'images', 'import', ...labels, byTransfer);
  t.is(await c.ctrOk('--namespace', 'four', 'images', 'ls', '-q'), `${name}\nall:1`);
  t.is(await c.ctrOk('--namespace', 'four', 'leases', 'ls', '-q'), '');
});

test('on a containerd without transfers ctr does them itself', async t => {
  const c = await openContainerd(t, {containerd: debianExecutables.containerd});
  await importBusybox(c);
  const archive = join(c.paths.scratch, 'out.tar');
  await c.ctrOk('images', 'export', archive, busybox);
  await c.ctrOk('--namespace', 'other', 'images', 'import', archive);
  t.is(await c.ctrOk('--namespace', 'other', 'images', 'ls', '-q'), busybox);
});
