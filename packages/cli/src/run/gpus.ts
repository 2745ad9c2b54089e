/** `--gpus all`, `--gpus 'count=2,"capabilities=gpu,utility"'` */
import type {DeviceRequest} from '@longshore/api/engine';
import {flag, splitPair} from '../command/flags.ts';
import {parseCsvLine} from './csv.ts';

export const gpuFlag = flag.custom<DeviceRequest[]>(
  'gpu-request',
  "GPU devices to add to the container ('all' to pass all GPUs)",
  (previous, text) => [...previous, parseGpus(text)],
  {initial: []},
);

/** Throws an Error with Docker's text. */
export function parseGpus(text: string): DeviceRequest {
  const request = {Driver: '', Count: 0, DeviceIDs: null as string[] | null, Capabilities: [['gpu']], Options: {}};
  const seen = new Set<string>();
  for (const field of parseCsvLine(text)) {
    const isPair = field.includes('=');
    const [key, value] = isPair ? splitPair(field) : ['count', field];
    if (seen.has(key)) throw new Error(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (key === 'driver') request.Driver = value;
    else if (key === 'count') request.Count = count(value);
    else if (key === 'device') request.DeviceIDs = value.split(',');
    else if (key === 'capabilities') request.Capabilities = [[...value.split(','), 'gpu']];
    else if (key === 'options') request.Options = Object.fromEntries(parseCsvLine(value).map(splitPair));
    else throw new Error(`unexpected key '${key}' in '${field}'`);
  }
  if (!seen.has('count') && request.DeviceIDs === null) request.Count = 1;
  return request;
}

function count(text: string): number {
  if (text === 'all') return -1;
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  throw new Error(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
}
