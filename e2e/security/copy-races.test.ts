/** Containers that swap a directory for a link to the machine while `docker cp` is at work in it. */
import {buffer} from 'node:stream/consumers';
import type {Engine} from '@longshore/testing';
import test from 'ava';
import {pack} from 'tar-stream';
import {sharedEngine} from '../harness/shared-engine.ts';
import {makeOutside, type Outside, secret} from './outside.ts';

const engine = sharedEngine(test);
let outside: Outside | undefined;
const rounds = process.env.LONGSHORE_LONG ? 1000 : 60;

/** Links by absolute path, and up and down again. */
for (const [kind, up] of [
  ['absolute', ''],
  ['relative', '../../../../../../../../../..'],
] as const) {
  for (const place of ['the root', 'a volume'] as const) {
    test.serial(`cp stays inside of the container: ${kind} links in ${place}`, async t => {
      t.timeout(rounds * 1000);
      outside ??= makeOutside(engine());
      const {path, changes} = outside;
      const name = `swapping-${kind}-${place.replace(' ', '-')}`;
      const directory = place === 'the root' ? '/race' : '/volume/race';
      const script = `mkdir -p ${directory}; cd ${directory}; mkdir d; echo own >d/file; ln -s ${up}${path} link
        mkdir -p ${path}; echo inside >${path}/file
        while true; do mv d kept; mv link d; usleep 300; mv d link; mv kept d; usleep 700; done`;
      await engine().dockerOk('run', '-d', '--name', name, '-v', '/volume', 'busybox', 'sh', '-c', script);
      const seen = {own: 0, behindTheLink: 0, failed: 0, put: 0};
      for (let round = 0; round < rounds; round++) {
        const where = round % 2 ? `${directory}/d` : `${directory}/d/file`;
        const got = await read(engine(), name, where);
        if (got === undefined) seen.failed++;
        else if (got.includes('own')) seen.own++;
        else if (got.includes('inside')) seen.behindTheLink++;
        t.false(got?.includes(secret) ?? false, where);
        if (await write(engine(), name, `${directory}/d`, round)) seen.put++;
      }
      t.deepEqual(changes(), []);
      t.true(seen.own > 0 && seen.put > 0, JSON.stringify(seen));
      t.log(JSON.stringify(seen));
      await engine().dockerOk('rm', '-f', '-v', name);
    });
  }
}

/** The bytes of the archive; undefined when it is refused or breaks off. */
async function read(from: Engine, name: string, path: string): Promise<string | undefined> {
  const response = await from.api.stream(`/containers/${name}/archive?path=${encodeURIComponent(path)}`);
  const bytes = await buffer(response).catch(() => undefined);
  return response.statusCode === 200 ? bytes?.toString('latin1') : undefined;
}

async function write(to: Engine, name: string, path: string, round: number): Promise<boolean> {
  const archive = pack();
  // Over the file, beside it, and one level deeper.
  archive.entry({name: 'file'}, 'own, planted');
  archive.entry({name: `planted-${round}`}, 'planted');
  archive.entry({name: 'deep/planted'}, 'planted');
  archive.finalize();
  const body = await buffer(archive);
  const query = `path=${encodeURIComponent(path)}`;
  const headers = {'Content-Type': 'application/x-tar'};
  const {status} = await to.api.send(`/containers/${name}/archive?${query}`, {method: 'PUT', body, headers});
  return status === 200;
}
