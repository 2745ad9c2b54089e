import type {Image} from '@longshore/api/oci';
import test from 'ava';
import {committedConfig, committedImage} from './commit.ts';
import {containerConfig} from './documents/container-config.ts';

const own = containerConfig.decode(
  {
    Hostname: '1acb3c3a546a',
    AttachStdout: true,
    Env: ['PATH=/bin'],
    Cmd: ['httpd', '-f', '-p', '80'],
    ExposedPorts: {'80/tcp': {}, '90/udp': {}},
    Image: 'busybox',
    Labels: {},
  },
  '',
);

test('the configuration is the container’s own, changed, without what belongs to one container only', t => {
  t.deepEqual(JSON.parse(JSON.stringify(committedConfig(own, {config: undefined, changes: ['ENV Z=1']}))), {
    ExposedPorts: {'80/tcp': {}, '90/udp': {}},
    Env: ['PATH=/bin', 'Z=1'],
    Cmd: ['httpd', '-f', '-p', '80'],
  });
});

test('the configuration of the request comes before the container’s', t => {
  const config = containerConfig.decode({Cmd: ['sh'], User: 'me', Env: ['A=1']}, '');
  const merged = committedConfig(own, {config, changes: []});
  t.deepEqual([merged.Cmd, merged.User, merged.Env], [['sh'], 'me', ['A=1', 'PATH=/bin']]);
});

test('a new entrypoint drops the command, unless there is a new one too', t => {
  const alone = committedConfig(own, {config: undefined, changes: ['ENTRYPOINT ["/e"]']});
  t.deepEqual([alone.Entrypoint, alone.Cmd], [['/e'], undefined]);
  const both = committedConfig(own, {config: undefined, changes: ['entrypoint ["/e"]\ncmd ["x"]']});
  t.deepEqual([both.Entrypoint, both.Cmd], [['/e'], ['x']]);
  t.throws(() => committedConfig(own, {config: undefined, changes: ['BOGUS x']}), {
    message: 'BOGUS is not a valid change command',
  });
});

test('the image has one layer and one step of history more than its base', t => {
  const base: Image = {
    architecture: 'arm64',
    os: 'linux',
    variant: 'v8',
    comment: 'of the base',
    history: [{created: '2026-01-01T00:00:00Z', comment: 'Imported from -'}],
    rootfs: {type: 'layers', diff_ids: ['sha256:a']},
  };
  const facts = {
    created: '2026-11-21T02:20:57.929436716Z',
    config: {Cmd: ['sh']},
    request: {author: 'me', comment: 'c'},
    createdBy: ['httpd', '-f', '-p', '80'],
  };
  t.deepEqual(committedImage(base, 'sha256:b', facts), {
    architecture: 'arm64',
    os: 'linux',
    variant: 'v8',
    created: facts.created,
    author: 'me',
    config: {Cmd: ['sh']},
    history: [
      {created: '2026-01-01T00:00:00Z', comment: 'Imported from -'},
      {created: facts.created, created_by: 'httpd -f -p 80', author: 'me', comment: 'c'},
    ],
    rootfs: {type: 'layers', diff_ids: ['sha256:a', 'sha256:b']},
  });
});
