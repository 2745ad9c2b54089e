import test from 'ava';
import {linkEnvironment} from './environment.ts';
import {LinkIndex, parseLink} from './link-index.ts';

test('variables of a linked container: first port, runs of ports, each port, name, environment', t => {
  const env = linkEnvironment({
    alias: 'my-db',
    linkName: '/web/my-db',
    address: '172.17.0.2',
    exposedPorts: ['6380/tcp', '6379/tcp', '53/udp', '53/tcp'],
    env: ['PATH=/bin', 'HOME=/root', 'FOO=a=b', 'bare'],
  });
  const of = (prefix: string) => env.filter(each => each.startsWith(prefix));
  t.deepEqual(of('MY_DB_PORT='), ['MY_DB_PORT=tcp://172.17.0.2:53']);
  t.deepEqual(of('MY_DB_PORT_6379_TCP_'), [
    'MY_DB_PORT_6379_TCP_START=tcp://172.17.0.2:6379',
    'MY_DB_PORT_6379_TCP_ADDR=172.17.0.2',
    'MY_DB_PORT_6379_TCP_PROTO=tcp',
    'MY_DB_PORT_6379_TCP_PORT_START=6379',
    'MY_DB_PORT_6379_TCP_END=tcp://172.17.0.2:6380',
    'MY_DB_PORT_6379_TCP_PORT_END=6380',
    'MY_DB_PORT_6379_TCP_ADDR=172.17.0.2',
    'MY_DB_PORT_6379_TCP_PORT=6379',
    'MY_DB_PORT_6379_TCP_PROTO=tcp',
  ]);
  t.deepEqual(of('MY_DB_PORT_53_UDP='), ['MY_DB_PORT_53_UDP=udp://172.17.0.2:53']);
  t.deepEqual(env.slice(-2), ['MY_DB_NAME=/web/my-db', 'MY_DB_ENV_FOO=a=b']);
});

test('nothing exposed: the name alone', t => {
  t.deepEqual(linkEnvironment({alias: 'a', linkName: '/w/a', address: '1.2.3.4', exposedPorts: [], env: []}), [
    'A_NAME=/w/a',
  ]);
});

test('links as given, and as an inspect shows them', t => {
  t.deepEqual(parseLink('db'), {name: 'db', alias: 'db'});
  t.deepEqual(parseLink('db:alias'), {name: 'db', alias: 'alias'});
  t.deepEqual(parseLink('/db:/web/alias'), {name: 'db', alias: 'alias'});
  t.deepEqual(parseLink('db:/alias'), {name: 'db', alias: 'alias'});
  t.throws(() => parseLink('a:b:c'), {message: 'bad format for links: a:b:c'});
  t.throws(() => parseLink(''), {message: 'empty string specified for links'});
});

test('a container that goes takes its links with it, in both directions', t => {
  const links = new LinkIndex();
  links.add({parentId: 'web', childId: 'db', alias: 'a'});
  links.add({parentId: 'web', childId: 'cache', alias: 'b'});
  links.add({parentId: 'cache', childId: 'db', alias: 'c'});
  t.deepEqual(
    links.childrenOf('web').map(({childId}) => childId),
    ['db', 'cache'],
  );
  t.deepEqual(links.remove('web', 'a').length, 1);
  t.deepEqual(links.remove('cache').length, 2);
  t.deepEqual(links.childrenOf('web'), []);
});
