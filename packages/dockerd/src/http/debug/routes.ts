/** `/debug`, with --debug only: the paths of the original, with what this runtime has to tell. */
import {EngineError} from '@longshore/errdefs';
import type {JobRunner} from '../../core/jobs/job-runner.ts';
import type {ApiReply, ApiRequest, Route} from '../route.ts';
import {jobsToJson} from '../system/jobs-route.ts';

export interface DebugSources {
  jobs: JobRunner;
  /** The text of a state dump. */
  describe: () => string;
  /** A `.cpuprofile` document of so many milliseconds, fewer when the signal aborts. Throws `conflict` if one is taken. */
  cpuProfile: (milliseconds: number, signal: AbortSignal) => Promise<string>;
  /** A `.heapsnapshot` document. */
  heapSnapshot: () => AsyncIterable<Uint8Array>;
}

const text = 'text/plain; charset=utf-8';
const binary = 'application/octet-stream';
const defaultProfileSeconds = 30;

export function debugRoutes(sources: DebugSources): Route[] {
  const {jobs, describe} = sources;
  const get = (path: string, handle: Route['handle'], waits = false): Route => ({
    ...{method: 'GET', path: `/debug/${path}`, job: 'debug', handle, waits},
  });
  return [
    get('vars', (_request, reply) => reply.json(200, variables(jobs))),
    get('jobs', (_request, reply) => reply.json(200, jobsToJson(jobs))),
    get('pprof/', (_request, reply) => reply.send(200, 'text/html; charset=utf-8', index())),
    get('pprof/cmdline', (_request, reply) => reply.send(200, text, commandLine().join('\0'))),
    get('pprof/symbol', (_request, reply) => reply.send(200, text, 'num_symbols: 0\n')),
    get('pprof/profile', (...args) => profile(sources, ...args), true),
    get('pprof/heap', (_request, reply) => heap(sources, reply)),
    get('pprof/goroutine', (_request, reply) => reply.send(200, text, describe())),
    get('pprof/{name}', ({param}) => {
      const message = `${JSON.stringify(param('name'))}: this engine has the profiles ${Object.keys(profiles).join(', ')}`;
      throw new EngineError('not-found', `unknown profile ${message}`);
    }),
  ];
}

const profiles: Record<string, string> = {
  cmdline: 'The command line of the daemon',
  goroutine: 'Jobs in flight, handles and memory',
  heap: 'All objects of the heap, for the memory panel of a browser (.heapsnapshot)',
  profile: 'CPU profile of ?seconds=, for the performance panel of a browser (.cpuprofile)',
};

function index(): string {
  const rows = Object.entries(profiles).map(([name, about]) => `<li><a href="${name}">${name}</a>: ${about}</li>`);
  return `<html><head><title>/debug/pprof/</title></head><body>/debug/pprof/<ul>\n${rows.join('\n')}\n</ul></body></html>\n`;
}

/** The first two of argv are the runtime's. */
function commandLine(): string[] {
  return [process.execPath, ...process.argv.slice(2)];
}

/** As Go's expvar: the command line and the memory. */
function variables(jobs: JobRunner): object {
  return {
    cmdline: commandLine(),
    jobs: jobsToJson(jobs),
    memstats: {...process.memoryUsage(), ...process.resourceUsage()},
  };
}

async function profile({cpuProfile}: DebugSources, request: ApiRequest, reply: ApiReply): Promise<void> {
  const {query, gone, ctx} = request;
  const seconds = query.int('seconds') || defaultProfileSeconds;
  const document = await cpuProfile(seconds * 1000, AbortSignal.any([gone, ctx.signal]));
  reply.setHeader('Content-Disposition', 'attachment; filename="profile.cpuprofile"');
  reply.send(200, binary, document);
}

async function heap({heapSnapshot}: DebugSources, reply: ApiReply): Promise<void> {
  reply.setHeader('Content-Disposition', 'attachment; filename="heap.heapsnapshot"');
  const stream = reply.stream(200, binary);
  for await (const piece of heapSnapshot()) await stream.write(piece);
}
