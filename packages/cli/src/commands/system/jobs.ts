import type {EngineJobs} from '@longshore/api/engine';
import {ApiError} from '../../client/api-error.ts';
import {listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {jobCountRow, jobCountTable, jobRow, jobTable} from '../../format/job-row.ts';
import {formatList} from '../../format/list.ts';

const flags = {
  format: listFormat,
  counts: flag.bool('Show how often each job has run and failed instead'),
} satisfies FlagSpecs;

/** An addition of Longshore's; other engines do not know the route. */
export default class SystemJobs extends DockerCommand<typeof flags> {
  static override summary = 'List the jobs that the engine is running';
  static override flags = flags;
  static override tail = '[OPTIONS]';

  async execute({cli, flags: {format, counts}}: Input<typeof flags>) {
    const jobs = await cli.client.get<EngineJobs>('/system/jobs').catch(error => {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      throw new CliError('this engine does not list its jobs');
    });
    const text = counts
      ? formatList(jobs.Counts, jobCountRow, {format, table: jobCountTable})
      : formatList(jobs.Running, jobRow, {format, table: jobTable});
    cli.stdout.write(text);
  }
}
