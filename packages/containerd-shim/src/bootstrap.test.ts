import {BootstrapParams, BootstrapResult} from '@longshore/api/gen/containerd/runtime/bootstrap/v1/bootstrap';
import {Options} from '@longshore/api/gen/containerd/types/runc/options/oci';
import {Any} from '@longshore/api/gen/google/protobuf/any';
import test from 'ava';
import {parseStartInput, startOutput} from './bootstrap.ts';
import {readEnvironment} from './environment.ts';
import {parseCommandLine} from './flags.ts';
import {socketPathFor} from './socket-path.ts';

const {flags} = parseCommandLine(['-namespace', 'moby', '-id', 'my.container']);
const options = {
  typeUrl: 'containerd.runc.v1.Options',
  value: Buffer.from(Options.encode(Options.fromPartial({binaryName: 'crun', shimCgroup: '/x'})).finish()),
};

test('nothing, an Any, or parameters', t => {
  t.like(parseStartInput(new Uint8Array(0), flags), {bootstrap: false, socketDirectory: ''});
  const any = Any.encode(options).finish();
  t.like(parseStartInput(any, flags), {bootstrap: false, options: {binaryName: 'crun', shimCgroup: '/x'}});
  const given = {
    instanceId: 'my.container',
    namespace: 'moby',
    containerdTtrpcAddress: '/run/c.ttrpc',
    socketDir: '/run/elsewhere',
    extensions: [{value: options}],
  };
  const params = BootstrapParams.encode(BootstrapParams.fromPartial(given)).finish();
  t.like(parseStartInput(params, flags), {
    bootstrap: true,
    socketDirectory: '/run/elsewhere',
    options: {binaryName: 'crun'},
  });
  const other = BootstrapParams.encode(BootstrapParams.fromPartial({...given, namespace: 'k8s.io'})).finish();
  t.throws(() => parseStartInput(other, flags), {message: /for another shim/});
});

test('the recorded options of dockerd', t => {
  const hex =
    '0a1a636f6e7461696e6572642e72756e632e76312e4f7074696f6e731224320472756e633a1c2f7661722f72756e2f646f636b65722f72756e74696d652d72756e63';
  t.like(parseStartInput(Buffer.from(hex, 'hex'), flags), {
    options: {binaryName: 'runc', root: '/var/run/docker/runtime-runc'},
  });
});

test('options of another runtime are refused', t => {
  const any = Any.encode({typeUrl: 'runsc.Options', value: Buffer.alloc(0)}).finish();
  t.throws(() => parseStartInput(any, flags), {message: /unsupported option type "runsc.Options"/});
});

test('each containerd gets the form that it reads', t => {
  const bootstrap = {version: 3, address: 'unix:///run/containerd/s/x', protocol: 'ttrpc'};
  const input = parseStartInput(new Uint8Array(0), flags);
  t.is(startOutput(bootstrap, input, readEnvironment({})), 'unix:///run/containerd/s/x');
  t.is(
    startOutput(bootstrap, input, readEnvironment({MAX_SHIM_VERSION: '2'})),
    '{"version":3,"address":"unix:///run/containerd/s/x","protocol":"ttrpc"}',
  );
  const bytes = startOutput(bootstrap, {...input, bootstrap: true}, readEnvironment({MAX_SHIM_VERSION: '3'}));
  t.like(BootstrapResult.decode(bytes as Uint8Array), bootstrap);
});

test('the socket is named after containerd, namespace and group', async t => {
  const address = '/run/containerd/containerd.sock';
  const path = await socketPathFor(
    address,
    'moby',
    '8e094983cdb122c3975ce6e1c84a5689952f14a89568201ec9a84c5370ced0fa',
    '/run/containerd/s',
  );
  t.is(path, '/run/containerd/s/7bdb2e46918b8cb20fbd2356a0a405f7d8c5f2364175f7d45dc49809a1dd4332', 'as recorded');
});

test('children get what concerns them, and no more', t => {
  const {forChildren, ttrpcAddress} = readEnvironment({
    PATH: '/bin',
    TTRPC_ADDRESS: '/t',
    LONGSHORE_NOFILE: '99',
    NOTIFY_SOCKET: '/n',
    SECRET: 'x',
  });
  t.deepEqual(forChildren, {PATH: '/bin', TTRPC_ADDRESS: '/t', LONGSHORE_NOFILE: '99'});
  t.is(ttrpcAddress, '/t');
});
