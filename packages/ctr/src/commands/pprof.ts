import {request} from 'node:http';
import type {CallContext} from '@longshore/base';
import {EngineError} from '@longshore/errdefs';
import {write} from '@longshore/term';
import type {Flag, Leaf} from '../command/command.ts';

/** Name of the command → name of the profile, where they differ. */
const profileNames: Record<string, string> = {goroutines: 'goroutine'};
/** What is measured for some time, and for how many seconds. */
const durations: Record<string, string> = {profile: '30s', trace: '5s'};

/** `ctr pprof NAME` gets a profile from containerd's debug socket; a shim has none. */
export function profileLeaf(name: string, ofShim: boolean): Leaf {
  const timed = durations[name];
  const flags: Flag[] = [
    {name: 'debug', type: 'integer', usage: 'Debug pprof args', default: name === 'goroutines' ? '2' : '0'},
  ];
  if (timed) flags.push({...{name: 'seconds', aliases: ['s'], type: 'duration', usage: 'Duration'}, default: timed});
  return {
    usage: '[flags]',
    flags,
    async run({ctx, flags: values}) {
      if (ofShim) throw new EngineError('unimplemented', 'shims serve no profiles: look at them with strace or perf');
      const query = new URLSearchParams({debug: values.text('debug')});
      if (timed) query.set('seconds', String(Math.round(values.milliseconds('seconds') / 1000)));
      const path = `/debug/pprof/${profileNames[name] ?? name}?${query}`;
      await get(ctx, values.text('debug-socket'), path);
    },
  };
}

/** Writes the answer to standard output as it comes. */
async function get(ctx: CallContext, socketPath: string, path: string): Promise<void> {
  const asked = request({socketPath, path, host: 'debug', signal: ctx.signal});
  asked.end();
  const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    asked.on('response', resolve);
    asked.on('error', error => {
      const text = `cannot reach the debug socket "${socketPath}": ${error.message} (is [debug] address configured?)`;
      reject(new EngineError('unavailable', text, {cause: error}));
    });
  });
  if (answer.statusCode !== 200) {
    const why = Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>)).toString('utf8');
    throw new EngineError('unavailable', `${socketPath} answered ${answer.statusCode} to ${path}: ${why.trim()}`);
  }
  for await (const chunk of answer) await write(process.stdout, chunk as Buffer);
}
