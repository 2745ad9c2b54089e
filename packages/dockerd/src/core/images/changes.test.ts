import test from 'ava';
import {applyChanges} from './changes.ts';

test('instructions alter the configuration in order', t => {
  const changes = [
    'CMD ["httpd", "-f"]',
    'entrypoint exec "$0"',
    'ENV A=b C="d e" F=g\\ h',
    'ENV OLD some text',
    'ENV A=2',
    'EXPOSE 80 53/udp 8000-8001/tcp',
    'LABEL l1=v1 "l 2"=\'v 2\'',
    'USER 1000:1000',
    'VOLUME ["/data"]\nVOLUME /a /b',
    'WORKDIR /app\n# a comment\nWORKDIR sub',
    'STOPSIGNAL SIGINT',
    'ONBUILD RUN echo onbuild',
    'HEALTHCHECK --interval=5s --timeout=1m30s --retries=2 CMD true && false',
  ];
  t.deepEqual(applyChanges({Env: ['PATH=/bin', 'A=1']}, changes), {
    Cmd: ['httpd', '-f'],
    Entrypoint: ['/bin/sh', '-c', 'exec "$0"'],
    Env: ['PATH=/bin', 'A=2', 'C=d e', 'F=g h', 'OLD=some text'],
    ExposedPorts: {'80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}},
    Labels: {l1: 'v1', 'l 2': 'v 2'},
    User: '1000:1000',
    Volumes: {'/data': {}, '/a': {}, '/b': {}},
    WorkingDir: '/app/sub',
    StopSignal: 'SIGINT',
    OnBuild: ['RUN echo onbuild'],
    Healthcheck: {Test: ['CMD-SHELL', 'true && false'], Interval: 5e9, Timeout: 90e9, Retries: 2},
  });
  t.deepEqual(applyChanges({}, ['HEALTHCHECK NONE']).Healthcheck, {Test: ['NONE']});
});

test('what is no instruction of a change is refused', t => {
  t.throws(() => applyChanges({}, ['BOGUS x']), {message: 'BOGUS is not a valid change command'});
  t.throws(() => applyChanges({}, ['run rm -rf /']), {message: 'RUN is not a valid change command'});
  for (const bad of [
    'ENV',
    'ENV A',
    'ENV =x',
    'EXPOSE x',
    'EXPOSE 0',
    'EXPOSE 9-8',
    'VOLUME',
    'USER',
    'HEALTHCHECK x',
  ]) {
    t.throws(() => applyChanges({}, [bad]), undefined, bad);
  }
});
