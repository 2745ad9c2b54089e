import type {EventMessage} from '@longshore/api/engine';
import {write} from '@longshore/term';
import {encodeFilters} from '../../client/filters.ts';
import {filters, streamFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {parseTimestamp} from '../../command/timestamp.ts';
import {eventFormatter} from '../../format/event.ts';
import {parseJsonStream} from '../../format/json-stream.ts';

const flags = {
  filter: filters,
  format: streamFormat,
  since: flag.string('Show all events created since timestamp'),
  until: flag.string('Stream events until this timestamp'),
} satisfies FlagSpecs;

export default class SystemEvents extends DockerCommand<typeof flags> {
  static override summary = 'Get real time events from the server';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {filter, format, since, until}}: Input<typeof flags>) {
    const show = eventFormatter(format);
    const query = {since: time(since), until: time(until), filters: encodeFilters(filter)};
    const {body} = await cli.client.request('GET', '/events', {query});
    for await (const event of parseJsonStream<EventMessage>(body)) await write(cli.stdout, show(event));
  }
}

function time(text: string): string | undefined {
  try {
    return parseTimestamp('', text);
  } catch {
    throw new CliError(`failed to parse value as time or duration: ${JSON.stringify(text)}`);
  }
}
