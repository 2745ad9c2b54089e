/** The engine over TCP with mutual TLS, with every docker CLI that is here. */
import {copyFileSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import type {ClientResult, Engine} from '@longshore/testing';
import test from 'ava';
import {dockerClients} from '../harness/clients.ts';
import {sharedEngine} from '../harness/shared-engine.ts';

const pem = (name: string) => join(import.meta.dirname, '../../packages/dockerd/testdata/tls', name);
const port = 23_760;

const engine = sharedEngine(test, {
  dockerdArgs: [
    ...['-H', `tcp://127.0.0.1:${port}`, '--tlsverify'],
    ...['--tlscacert', pem('ca.pem'), '--tlscert', pem('server.pem'), '--tlskey', pem('server-key.pem')],
  ],
});

type Identity = {path: string; name?: string; ca?: string};

/** `docker --tlsverify` with a certificate of the test data. */
function secureDocker(
  {path, name = 'client', ca = 'ca'}: Identity,
  args: string[],
  input?: string,
): Promise<ClientResult> {
  const tls = ['--tlsverify', '--tlscacert', pem(`${ca}.pem`)];
  const certificate = ['--tlscert', pem(`${name}.pem`), '--tlskey', pem(`${name}-key.pem`)];
  const argv = [path, ...tls, ...certificate, '-H', `tcp://127.0.0.1:${port}`, ...args];
  return engine().run(argv, input === undefined ? {stdin: 'ignore'} : {input});
}

for (const client of dockerClients) {
  test(`${client.name} over mutual TLS`, async t => {
    const path = client.path(engine());
    const version = await secureDocker({path}, ['version', '--format', '{{.Server.APIVersion}}']);
    t.is(version.stdout, '1.51', version.stderr);
    // The end of the input is a half-closed connection: TLS has to carry it too.
    const echo = await secureDocker({path}, ['run', '--rm', '-i', 'busybox', 'cat'], 'through\n');
    t.is(echo.stdout, 'through', echo.stderr);
    const many = await secureDocker({path}, ['run', '--rm', 'busybox', 'seq', '20000']);
    t.is(many.stdout.split('\n').length, 20_000);
    t.is((await secureDocker({path}, ['run', '--rm', 'busybox', 'sh', '-c', 'exit 7'])).exitCode, 7);
  });

  test(`${client.name} with a certificate of somebody else, or none`, async t => {
    const path = client.path(engine());
    for (const name of ['client-wrong-ca', 'client-expired']) {
      const refused = await secureDocker({path, name}, ['version']);
      t.not(refused.exitCode, 0, name);
      t.notRegex(refused.stdout, /APIVersion:\s+1\.51\n[\s\S]*Server/);
    }
    const unknown = await secureDocker({path, ca: 'other-ca'}, ['version']);
    t.not(unknown.exitCode, 0);
    const plain = await engine().run([path, '-H', `tcp://127.0.0.1:${port}`, 'ps']);
    t.regex(plain.stderr, /Client sent an HTTP request to an HTTPS server/);
  });
}

test('the certificates may be in DOCKER_CERT_PATH', async t => {
  const directory = certificateDirectory(engine());
  const env = {...engine().clientEnv(), DOCKER_CERT_PATH: directory, DOCKER_TLS_VERIFY: '1'};
  const result = await engine().run([engine().executables.docker, '-H', `tcp://127.0.0.1:${port}`, 'ps', '-q'], {env});
  t.is(result.exitCode, 0, result.stderr);
});

test('a request of HTTP/1.0 through a plain socket is answered', async t => {
  const argv = ['curl', '-sS', '-0', '-i', '--unix-socket', engine().paths.dockerSocket, 'http://localhost/info'];
  const {stdout} = await engine().run(argv);
  t.regex(stdout, /^HTTP\/1\.0 200 OK\r?\n/);
  t.notRegex(stdout, /^Connection:/m);
  t.regex(stdout, /"ServerVersion"/);
});

function certificateDirectory({paths}: Engine): string {
  const directory = join(paths.scratch, 'certs');
  mkdirSync(directory);
  for (const [from, to] of [
    ['ca.pem', 'ca.pem'],
    ['client.pem', 'cert.pem'],
    ['client-key.pem', 'key.pem'],
  ] as const)
    copyFileSync(pem(from), join(directory, to));
  return directory;
}
