import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {fakeEngine, frame} from './fake-engine.test-helper.ts';

const id = 'e27f34d14a8434167155c8be7d04c270041cadfbc0beccc15816b92bb34f0401';
const created: [number, string] = [201, `{"Id":"${id}","Warnings":["careful"]}`];

test.serial('run creates, attaches, waits and starts, in that order', async t => {
  const output = Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n')]);
  const engine = await fakeEngine(
    t,
    {
      'POST /containers/create': created,
      'POST /containers/*/wait': '{"StatusCode":42}',
      'POST /containers/*/start': [204, ''],
    },
    output,
  );
  const {code, stdout, stderr} = await engine.docker(['run', '--rm', '--name', 'x', 'busybox', 'echo', '-n', '--rm']);
  t.is(code, 42);
  t.is(stdout, 'out\n');
  t.is(stderr, 'WARNING: careful\nerr\n');
  t.deepEqual(
    engine.exchanges.map(({line}) => line.replace(id, 'ID')),
    [
      'POST /containers/create?name=x',
      'POST /containers/ID/attach?stderr=1&stdout=1&stream=1',
      'POST /containers/ID/wait?condition=removed',
      'POST /containers/ID/start',
    ],
  );
  t.deepEqual(JSON.parse(engine.exchanges[0]!.body).Cmd, ['echo', '-n', '--rm']);
});

test.serial('run says why a start failed, and gives the exit code of a shell', async t => {
  const start = (message: string): Record<string, string | [number, string]> => ({
    'POST /containers/create': created,
    'POST /containers/*/wait': '{"StatusCode":127}',
    'POST /containers/*/start': [400, JSON.stringify({message})],
  });
  const codes: [string, number][] = [
    ['exec: "nosuch": executable file not found in $PATH', 127],
    ['exec: "/etc/passwd": permission denied', 126],
    ['port is already allocated', 125],
  ];
  for (const [message, expected] of codes) {
    const engine = await fakeEngine(t, start(message));
    const {code, stderr} = await engine.docker(['run', 'busybox', 'x']);
    t.is(code, expected);
    t.is(
      stderr,
      `WARNING: careful\ndocker: Error response from daemon: ${message}\n\nRun 'docker run --help' for more information\n`,
    );
  }
});

test.serial('run pulls what is not there, and starts after all', async t => {
  let isThere = false;
  const answers = {
    get 'POST /containers/create'(): [number, string] {
      const answer: [number, string] = isThere ? created : [404, '{"message":"No such image: busybox:latest"}'];
      isThere = true;
      return answer;
    },
    'POST /images/create':
      '{"status":"Pulling","id":"latest"}\n{"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"a"}\n{"status":"Pull complete","id":"a"}\n',
    'POST /containers/*/start': [204, ''] as [number, string],
  };
  const engine = await fakeEngine(t, answers);
  const {code, stdout, stderr} = await engine.docker(['run', '-d', 'busybox']);
  t.is(code, 0);
  t.is(stdout, `${id}\n`);
  t.is(stderr, "Unable to find image 'busybox:latest' locally\nlatest: Pulling\na: Pull complete\nWARNING: careful\n");
  t.is(engine.exchanges[1]!.line, 'POST /images/create?fromImage=docker.io%2Flibrary%2Fbusybox&tag=latest');
});

test.serial('exec sends its request and gives the exit code', async t => {
  const engine = await fakeEngine(
    t,
    {
      'GET /containers/*/json': '{"Id":"x"}',
      'POST /containers/*/exec': [201, '{"Id":"e1"}'],
      'GET /exec/*/json': '{"ExitCode":7}',
    },
    frame(1, 'hi\n'),
  );
  const {code, stdout} = await engine.docker(['exec', '-e', 'A=b', 'web', 'sh', '-c', 'x']);
  t.is(code, 7);
  t.is(stdout, 'hi\n');
  t.deepEqual(JSON.parse(engine.exchanges[1]!.body), {
    User: '',
    Privileged: false,
    Tty: false,
    AttachStdin: false,
    AttachStderr: true,
    AttachStdout: true,
    Detach: false,
    DetachKeys: '',
    Env: ['A=b'],
    WorkingDir: '',
    Cmd: ['sh', '-c', 'x'],
  });
});

test.serial('several names: what works is printed, what fails is said, in order', async t => {
  const engine = await fakeEngine(t, {
    'POST /containers/bad*/stop': [404, '{"message":"No such container: bad1"}'],
    'POST /containers/*/stop': [204, ''],
  });
  const {code, stdout, stderr} = await engine.docker(['stop', '-t', '0', 'a', 'bad1', 'b']);
  t.is(code, 1);
  t.is(stdout, 'a\nb\n');
  t.is(stderr, 'Error response from daemon: No such container: bad1\n');
  t.true(engine.exchanges.every(({line}) => line.endsWith('/stop?t=0')));
});

test.serial('inspect looks for the name among all kinds', async t => {
  const none: [number, string] = [404, '{"message":"no"}'];
  const engine = await fakeEngine(t, {
    'GET /containers/*/json': none,
    'GET /images/*/json': none,
    'GET /networks/*': none,
    'GET /volumes/v1': '{"Name":"v1","Size":9223372036854771712,"Labels":{"a":"\\u003c"}}',
    'GET /volumes/*': none,
    'GET /info': '{"Swarm":{"ControlAvailable":false}}',
  });
  const {code, stdout, stderr} = await engine.docker(['inspect', 'v1', 'nosuch']);
  t.is(code, 1);
  t.is(
    stdout,
    '[\n    {\n        "Name": "v1",\n        "Size": 9223372036854771712,\n        "Labels": {\n            "a": "\\u003c"\n        }\n    }\n]\n',
  );
  t.is(stderr, 'Error: No such object: nosuch\n');
});

test.serial('a prune asks first', async t => {
  const engine = await fakeEngine(t, {'POST /containers/prune': '{"ContainersDeleted":["abc"],"SpaceReclaimed":2048}'});
  const refused = await engine.docker(['container', 'prune'], {input: 'n\n'});
  t.is(refused.code, 1);
  t.is(engine.exchanges.length, 0);
  const done = await engine.docker(['container', 'prune'], {input: 'y\n'});
  t.is(done.code, 0);
  t.true(done.stdout.endsWith('Deleted Containers:\nabc\n\nTotal reclaimed space: 2.048kB\n'));
});

test.serial('login keeps credentials that a pull then sends', async t => {
  const engine = await fakeEngine(t, {'POST /auth': '{"Status":"Login Succeeded"}', 'POST /images/create': ''});
  const {code, stdout} = await engine.docker(['login', '-u', 'me', '--password-stdin', 'reg:5000'], {
    input: 'secret\n',
  });
  t.is(code, 0);
  t.is(stdout, 'Login Succeeded\n');
  t.deepEqual(JSON.parse(engine.exchanges[0]!.body), {username: 'me', password: 'secret', serveraddress: 'reg:5000'});
  const config = JSON.parse(readFileSync(join(engine.directory, '.docker/config.json'), 'utf8'));
  t.is(config.auths['reg:5000'].auth, Buffer.from('me:secret').toString('base64'));
  t.is((await engine.docker(['pull', 'reg:5000/x'])).stdout, 'Using default tag: latest\nreg:5000/x:latest\n');
});

test.serial('a plugin runs in our place', async t => {
  const engine = await fakeEngine(t, {});
  const plugins = join(engine.directory, '.docker/cli-plugins');
  mkdirSync(plugins, {recursive: true});
  writeFileSync(join(plugins, 'docker-hello'), '#!/bin/sh\necho "plugin $*"; exit 9\n');
  chmodSync(join(plugins, 'docker-hello'), 0o755);
  const {code, stdout} = await engine.docker(['hello', '--flag', 'x']);
  t.is(code, 9);
  t.is(stdout, 'plugin hello --flag x\n');
});

test.serial('completion offers commands, flags and names', async t => {
  const engine = await fakeEngine(t, {'GET /containers/json': '[{"Names":["/web1"]},{"Names":["/db"]}]'});
  const offered = async (...words: string[]) => (await engine.docker(['__complete', ...words])).stdout;
  t.regex(await offered('net'), /^network\tManage networks\n$/);
  t.regex(await offered('ps', '--no'), /^--no-trunc\t/);
  t.is(await offered('stop', 'w'), 'web1\n');
  t.is(await offered('container', 'unp'), 'unpause\tUnpause all processes within one or more containers\n');
});

const usage: [args: string[], code: number, stderr: string][] = [
  [['bogus'], 1, "docker: unknown command: docker bogus\n\nRun 'docker --help' for more information\n"],
  [
    ['container', 'bogus'],
    1,
    "docker: unknown command: docker container bogus\n\nUsage:  docker container\n\nRun 'docker container --help' for more information\n",
  ],
  [
    ['ps', 'extra'],
    1,
    "docker: 'docker ps' accepts no arguments\n\nUsage:  docker ps [OPTIONS]\n\nRun 'docker ps --help' for more information\n",
  ],
  [
    ['inspect'],
    1,
    "docker: 'docker inspect' requires at least 1 argument\n\nUsage:  docker inspect [OPTIONS] NAME|ID [NAME|ID...]\n\nSee 'docker inspect --help' for more information\n",
  ],
  [
    ['run', '--badflag', 'x'],
    125,
    "unknown flag: --badflag\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'docker run --help' for more information\n",
  ],
  [
    ['--bogus', 'ps'],
    125,
    "unknown flag: --bogus\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n\nRun 'docker --help' for more information\n",
  ],
  [
    ['-H', 'unix:///nosuch.sock', 'ps'],
    1,
    'Cannot connect to the Docker daemon at unix:///nosuch.sock. Is the docker daemon running?\n',
  ],
  [['help', 'nosuch'], 1, 'unknown help topic: nosuch\n'],
  [['swarm', 'init'], 1, "docker: 'docker swarm' is not available: this engine has no swarm mode\n"],
];

test("usage errors read and end as Docker's", async t => {
  const engine = await fakeEngine(t, {});
  for (const [args, expected, text] of usage) {
    const {code, stderr} = await engine.docker(args);
    t.is(stderr, text);
    t.is(code, expected, args.join(' '));
  }
  t.is(engine.exchanges.length, 0);
});
