/** Answers of Docker 28.5 that were recorded, outside of this repository. */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

export interface RecordedAnswer {
  method: string;
  /** Without version and query. */
  path: string;
  status: number;
  body: unknown;
}

/** With containerd's image store, some answers differ; the files are named by what was asked. */
const withImageStore: [file: string, path: string][] = [
  ['container_inspect', '/containers/x/json'],
  ['image_history', '/images/x/history'],
  ['image_inspect', '/images/x/json'],
  ['image_inspect_manifests', '/images/x/json'],
  ['images_json', '/images/json'],
  ['images_json_manifests', '/images/json'],
  ['info', '/info'],
  ['system_df', '/system/df'],
];

/** Answers of API 1.51; `reference` is the directory with the definition. */
export function recordedAnswers(reference: string): RecordedAnswer[] {
  const directory = join(reference, 'real-outputs');
  const read = (file: string): unknown => JSON.parse(readFileSync(join(directory, file), 'utf8'));
  const indexed = linesOf(join(directory, 'api-index.tsv')).flatMap(line => {
    const [name = '', method = '', path = '', , status] = line.split('\t');
    const file = `api/${name.replace(/ .*/, '')}.json`;
    if (!path.startsWith('/v1.51/') || !existsSync(join(directory, file))) return [];
    return [{method, path: path.slice('/v1.51'.length).replace(/\?.*/, ''), status: Number(status), body: read(file)}];
  });
  const stored = withImageStore.map(([file, path]) => ({
    ...{method: 'GET', path, status: 200, body: read(`containerd-store/${file}.json`)},
  }));
  const events = ['lifecycle', 'network-volume-image']
    .flatMap(name => linesOf(join(directory, `events/${name}.jsonl`)))
    .filter(line => line.startsWith('{'))
    .map(line => ({method: 'GET', path: '/events', status: 200, body: JSON.parse(line) as unknown}));
  return [...indexed, ...stored, ...events];
}

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n');
