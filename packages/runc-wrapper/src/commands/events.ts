import {EngineError, messageOf} from '@longshore/errdefs';
import {cgroupOfContainer} from '../cgroups/container-cgroup.ts';
import {type Command, containerIdText, exactlyOne} from '../cli/command.ts';
import {parseDuration} from '../cli/flags.ts';
import {goJson} from '../cli/go-json.ts';
import {print} from '../cli/output.ts';
import type {ContainerRecord} from '../state/record.ts';
import {statusOf} from '../state/status.ts';
import {readStatistics} from '../statistics/read.ts';

export const command: Command = {
  name: 'events',
  summary: 'show what a container uses, and when it runs out of memory',
  argumentsText: '<container-id>',
  description: `${containerIdText}
One JSON object a line, by default every 5 seconds, until the container is deleted.
`,
  flags: [
    {names: ['interval'], kind: 'duration', help: 'time between two statistics', default: '5s'},
    {names: ['stats'], kind: 'boolean', help: 'show the statistics once'},
  ],
  arguments: exactlyOne,
  async run({args, runtime, logError}) {
    const record = runtime().load(args.positional[0]!);
    const interval = parseDuration(args.text('interval')!)!;
    if (interval <= 0) throw new EngineError('invalid-argument', 'duration interval must be greater than 0');
    if (statusOf(record) === 'stopped')
      throw new EngineError('failed-precondition', `container with id ${record.id} is not running`);
    if (args.boolean('stats')) printEvent('stats', record.id, readStatistics(record));
    else await follow(record, interval, logError);
    return 0;
  },
};

/** How soon after its container this ends, in milliseconds. */
const lookInterval = 1000;

async function follow(record: ContainerRecord, interval: number, logError: (message: string) => void): Promise<void> {
  const cgroup = cgroupOfContainer(record);
  if (!cgroup) throw new EngineError('failed-precondition', 'cgroup not exist');
  const {promise: ended, resolve: end} = Promise.withResolvers<void>();
  using _watch = cgroup.watchOom(() => printEvent('oom', record.id));
  const show = () => {
    try {
      if (cgroup.exists()) printEvent('stats', record.id, readStatistics(record));
    } catch (error) {
      logError(messageOf(error)); // the next one may succeed
    }
  };
  const timers = [
    setInterval(show, interval),
    setInterval(() => {
      if (!cgroup.exists()) end();
    }, lookInterval),
  ];
  await ended;
  timers.forEach(clearInterval);
}

function printEvent(type: 'stats' | 'oom', id: string, data?: unknown): void {
  print(`${goJson({type, id, ...(data === undefined ? {} : {data})})}\n`);
}
