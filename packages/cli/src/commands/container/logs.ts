import type {ContainerInspect} from '@longshore/api/engine';
import {write} from '@longshore/term';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {type FlagSpecs, flag, since} from '../../command/flags.ts';
import {exactly} from '../../command/positional.ts';
import {parseTimestamp} from '../../command/timestamp.ts';
import {FrameParser} from '../../streams/frames.ts';

const flags = {
  details: flag.bool('Show extra details provided to logs'),
  follow: flag.bool('Follow log output', {char: 'f'}),
  since: flag.string('Show logs since timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)'),
  tail: flag.string('Number of lines to show from the end of the logs', {char: 'n', initial: 'all'}),
  timestamps: flag.bool('Show timestamps', {char: 't'}),
  until: since(
    '1.35',
    flag.string('Show logs before a timestamp (e.g. "2013-01-02T13:23:37Z") or relative (e.g. "42m" for 42 minutes)'),
  ),
} satisfies FlagSpecs;

export default class ContainerLogs extends DockerCommand<typeof flags> {
  static override summary = 'Fetch the logs of a container';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER';
  static override positional = exactly(1);

  async execute({cli, args: [name], flags: {details, follow, since, tail, timestamps, until}}: Input<typeof flags>) {
    const {Id: id, Config: config} = await cli.client.get<ContainerInspect>(`/containers/${name}/json`);
    const query = {
      stdout: true,
      stderr: true,
      details,
      follow,
      timestamps,
      tail,
      since: parseTimestamp('since', since),
      until: parseTimestamp('until', until),
    };
    const {body} = await cli.client.request('GET', `/containers/${id}/logs`, {query});
    const frames = new FrameParser();
    for await (const chunk of body) {
      if (config.Tty) {
        await write(cli.stdout, chunk);
        continue;
      }
      for (const {stream, data} of frames.push(chunk)) await write(stream === 'stderr' ? cli.stderr : cli.stdout, data);
    }
  }
}
