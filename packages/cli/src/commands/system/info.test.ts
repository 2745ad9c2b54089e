import test from 'ava';
import {fakeEngine} from '../../fake-engine.test-helper.ts';

test('a template knows the fields by their names in Go and by those in JSON', async t => {
  const info = {HttpProxy: 'http://p:1', HttpsProxy: 'http://s:2', CpuCfsQuota: true, Runtimes: {runc: {path: 'runc'}}};
  const engine = await fakeEngine(t, {'GET /info': JSON.stringify(info)});
  const format = '{{.HTTPProxy}} {{.HttpProxy}} {{.HTTPSProxy}} {{.CPUCfsQuota}} {{(index .Runtimes "runc").Path}}';
  const {stdout} = await engine.docker(['info', '--format', format]);
  t.is(stdout, 'http://p:1 http://p:1 http://s:2 true runc\n');
});
