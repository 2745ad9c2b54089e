/** An image archive whose configuration is given by the test: nothing between it and the engine has checked it. */
import {createHash} from 'node:crypto';
import {buffer} from 'node:stream/consumers';
import {finished} from 'node:stream/promises';
import {busyboxArchive, type Engine} from '@longshore/testing';
import {extract, pack} from 'tar-stream';

/** Loads busybox under another name with this `config` in the place of its own. Gives the answer's text. */
export async function loadWithConfig(engine: Engine, tag: string, config: object): Promise<string> {
  const files = await readArchive(await busyboxArchive(tag));
  const [{Config: configPath, Layers, RepoTags}] = JSON.parse(String(files.get('manifest.json')));
  const image = JSON.parse(String(files.get(configPath)));
  const changed = Buffer.from(JSON.stringify({...image, config: {...image.config, ...config}}));
  const path = `blobs/sha256/${createHash('sha256').update(changed).digest('hex')}`;
  const archive = pack();
  // The form before OCI: the list of the archive's images is enough.
  archive.entry({name: 'manifest.json'}, JSON.stringify([{Config: path, Layers, RepoTags}]));
  archive.entry({name: path}, changed);
  for (const layer of Layers) archive.entry({name: layer}, files.get(layer));
  archive.finalize();
  const body = await buffer(archive);
  const headers = {'Content-Type': 'application/x-tar'};
  const answer = await engine.api.send('/images/load?quiet=1', {method: 'POST', body, headers});
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
}

async function readArchive(archive: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const reader = extract();
  reader.on('entry', async (header, stream, next) => {
    files.set(header.name, await buffer(stream));
    next();
  });
  reader.end(archive);
  await finished(reader, {readable: false});
  return files;
}
