import {mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {loadConfigFile, saveConfigFile} from './config-file.ts';
import {contextId, listContexts, readContext, writeContext} from './context-store.ts';
import {currentContextName, type EndpointOptions, parseEndpoint, resolveEndpoint} from './endpoint.ts';
import {decodeAuth, encodeAuth, hostOf, serverOf} from './registry-auth.ts';

for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'])
  delete process.env[name];

const directory = mkdtempSync(join(tmpdir(), 'longshore-config-'));
test.after.always(() => rmSync(directory, {recursive: true}));

const options = (parts: Partial<EndpointOptions> = {}): EndpointOptions => ({
  host: [],
  context: '',
  config: directory,
  tls: false,
  tlsverify: false,
  tlscacert: '',
  tlscert: '',
  tlskey: '',
  ...parts,
});

test('addresses in all their forms', t => {
  const transport = (host: string) => parseEndpoint(host, undefined).transport;
  t.deepEqual(transport('unix://'), {kind: 'unix', path: '/var/run/docker.sock'});
  t.deepEqual(transport('unix:///x.sock'), {kind: 'unix', path: '/x.sock'});
  t.deepEqual(transport('1.2.3.4:99'), {kind: 'tcp', host: '1.2.3.4', port: 99});
  t.deepEqual(transport(':1'), {kind: 'tcp', host: 'localhost', port: 1});
  t.deepEqual(transport('tcp://[::1]:5'), {kind: 'tcp', host: '::1', port: 5});
  t.deepEqual(transport('tcp://host'), {kind: 'tcp', host: 'host', port: 2375});
  t.deepEqual(transport('ssh://me@host:22'), {kind: 'ssh', destination: 'me@host', args: ['-p', '22']});
  t.is(parseEndpoint('tcp://h:1/base/', undefined).basePath, '/base');
  t.is(parseEndpoint('h:1', {verify: true}).transport.kind, 'tcp');
});

test('what is no address is refused', t => {
  const message = (host: string) => t.throws(() => resolveEndpoint(options({host: [host]}), {})).message;
  t.is(
    message('bogus://x'),
    'Failed to initialize: unable to resolve docker endpoint: invalid bind address format: bogus://x',
  );
  t.is(
    t.throws(() => resolveEndpoint(options({host: ['a', 'b']}), {})).message,
    'Failed to initialize: unable to resolve docker endpoint: Specify only one -H',
  );
});

test('a context says where the engine is, unless -H or DOCKER_HOST does', t => {
  writeContext(directory, {Name: 'far', Metadata: {Description: 'd'}, Endpoints: {docker: {Host: 'tcp://1.2.3.4:5'}}});
  t.is(resolveEndpoint(options({context: 'far'}), {}).url, 'tcp://1.2.3.4:5');
  t.is(resolveEndpoint(options(), {currentContext: 'far'}).url, 'tcp://1.2.3.4:5');
  t.is(resolveEndpoint(options({host: ['unix:///y']}), {currentContext: 'far'}).url, 'unix:///y');
  t.is(currentContextName(options({host: ['unix:///y']}), {currentContext: 'far'}), 'default');
  t.deepEqual(
    listContexts(directory).map(context => context.Name),
    ['far'],
  );
  t.is(readContext(directory, 'far').id, contextId('far'));
  const message = t.throws(() => resolveEndpoint(options({context: 'nosuch'}), {})).message;
  t.regex(message, /context "nosuch": context not found: open .*9e62f93e.*\/meta\.json: no such file or directory$/);
});

test('TLS files are read, and missed when they must be there', t => {
  const message = t.throws(() => resolveEndpoint(options({tlsverify: true, host: ['h:1']}), {})).message;
  t.true(message.endsWith(`open ${directory}/ca.pem: no such file or directory`));
  const certificates = join(directory, 'tls');
  mkdirSync(certificates);
  writeFileSync(join(certificates, 'ca'), 'CA');
  const {transport} = resolveEndpoint(options({tlsverify: true, tlscacert: join(certificates, 'ca'), host: ['h']}), {});
  t.like(transport, {kind: 'tcp', port: 2376, tls: {verify: true}});
});

test('the configuration is private, whole, and keeps what it does not know', t => {
  t.plan(4);
  const own = join(directory, 'own');
  t.deepEqual(
    loadConfigFile(own, () => t.fail()),
    {},
  );
  mkdirSync(own);
  writeFileSync(join(own, 'config.json'), '{"auths":{},"somethingElse":1}');
  const config = loadConfigFile(own, () => t.fail());
  saveConfigFile(own, {...config, currentContext: 'x'});
  t.deepEqual(loadConfigFile(own, () => t.fail()) as object, {auths: {}, somethingElse: 1, currentContext: 'x'});
  t.is(statSync(join(own, 'config.json')).mode & 0o777, 0o600);
  writeFileSync(join(own, 'config.json'), '{bad');
  loadConfigFile(own, text => t.regex(text, /^WARNING: Error loading config file: /));
});

test('credentials travel as base64url', t => {
  t.is(encodeAuth({}), 'e30=');
  const encoded = encodeAuth({username: 'u', password: '>>>???~~~'});
  t.notRegex(encoded, /[+/]/);
  t.deepEqual(JSON.parse(Buffer.from(encoded, 'base64url').toString()), {username: 'u', password: '>>>???~~~'});
  t.deepEqual(decodeAuth(Buffer.from('u:p:q').toString('base64')), {username: 'u', password: 'p:q'});
  t.is(serverOf('docker.io'), 'https://index.docker.io/v1/');
  t.is(hostOf('https://index.docker.io/v1/'), 'index.docker.io');
});
