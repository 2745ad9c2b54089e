import test from 'ava';
import {signalNumber} from '../../signals.ts';
import {containerConfig} from '../documents/container-config.ts';
import {mergeImageConfig} from '../merge-image.ts';
import {effectiveCapabilities} from './capabilities.ts';
import {overrideEnvironment} from './environment.ts';
import {resolveUser} from './user.ts';

const files = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\n# comment\nbroken\nuser:x:1000:1001::/home/user:/bin/sh\n7:x:70:71::/:\n',
  group: 'root:x:0:\nwheel:x:10:root,user\nuser:x:1001:\nextra:x:2000:user\n',
};
const none = {passwd: '', group: ''};

test('users and groups by name and number', t => {
  const resolve = (spec: string, add: string[] = []) => resolveUser(spec, add, files);
  t.deepEqual(resolve(''), {uid: 0, gid: 0, additionalGids: [0, 10]});
  t.deepEqual(resolve('user'), {uid: 1000, gid: 1001, additionalGids: [1001, 10, 2000]});
  t.deepEqual(resolve('1000'), {uid: 1000, gid: 1001, additionalGids: [1001, 10, 2000]});
  t.deepEqual(resolve('user:extra'), {uid: 1000, gid: 2000, additionalGids: [2000]});
  t.deepEqual(resolve('5:6'), {uid: 5, gid: 6, additionalGids: [6]});
  t.deepEqual(resolve('5', ['wheel', '99']), {uid: 5, gid: 0, additionalGids: [0, 10, 99]});
  t.deepEqual(resolve('7'), {uid: 70, gid: 71, additionalGids: [71]});
  t.deepEqual(resolveUser('1000:1000', [], none), {uid: 1000, gid: 1000, additionalGids: [1000]});
});

test('those that are not there', t => {
  t.throws(() => resolveUser('nosuch', [], files), {
    message: 'unable to find user nosuch: no matching entries in passwd file',
  });
  t.throws(() => resolveUser('0:nosuch', [], files), {
    message: 'unable to find group nosuch: no matching entries in group file',
  });
  t.throws(() => resolveUser('4294967296', [], files), {message: 'uids and gids must be in range 0-2147483647'});
});

test('capabilities that are added and dropped', t => {
  const of = (add: string[], drop: string[]) =>
    effectiveCapabilities({add, drop, privileged: false}, ['CAP_CHOWN', 'CAP_SYS_ADMIN']);
  t.is(of([], []).length, 14);
  t.deepEqual(of(['sys_admin'], ['all']), ['CAP_SYS_ADMIN']);
  t.deepEqual(of(['ALL'], ['CHOWN']), ['CAP_SYS_ADMIN']);
  t.false(of([], ['mknod']).includes('CAP_MKNOD'));
  t.is(of(['CAP_CHOWN'], []).length, 14);
});

test('variables replace where they stand, and bare names remove', t => {
  t.deepEqual(overrideEnvironment(['A=1', 'B=2', 'C=3'], ['B=x', 'D=4', 'A']), ['B=x', 'C=3', 'D=4']);
});

test('entrypoint and command of request and image', t => {
  const config = (parts: object) => ({...containerConfig.zero(), ...parts});
  const image = config({
    Entrypoint: ['/e'],
    Cmd: ['c'],
    Env: ['P=1', 'Q=2'],
    WorkingDir: '/w',
    Labels: {a: 'i', b: 'i'},
  });
  const merge = (parts: object) => mergeImageConfig(config(parts), image);
  t.like(merge({}), {Entrypoint: ['/e'], Cmd: ['c'], WorkingDir: '/w'});
  t.like(merge({Cmd: ['x']}), {Entrypoint: ['/e'], Cmd: ['x']});
  t.like(merge({Entrypoint: ['/n']}), {Entrypoint: ['/n'], Cmd: null});
  t.like(merge({Entrypoint: [''], Cmd: ['x']}), {Entrypoint: null, Cmd: ['x']});
  t.deepEqual(merge({Env: ['Q=u']}).Env, ['Q=u', 'P=1']);
  t.deepEqual(merge({Labels: {a: 'u'}}).Labels, {a: 'u', b: 'i'});
  t.throws(() => mergeImageConfig(config({}), config({})), {message: 'no command specified'});
});

test('signals in the spellings of users', t => {
  t.deepEqual(['15', 'TERM', 'sigterm', 'SIGRTMIN+3', 'RTMAX-1'].map(signalNumber), [15, 15, 15, 37, 63]);
  for (const bad of ['', 'BOGUS', '0', '65', 'SIGRTMIN+40'])
    t.throws(() => signalNumber(bad), {message: `invalid signal: ${bad}`});
});
