import {EngineError} from '@longshore/errdefs';
import type {Leaf} from '../../command/command.ts';
import {text} from '../../command/command.ts';
import {requireArgument} from '../../command/dispatch.ts';
import {indentedJson, table, wide} from '../../format/table.ts';
import {metricRows, metricsObject} from '../../task/metrics.ts';

const leaf: Leaf = {
  usage: 'CONTAINER',
  flags: [{...text('format', '"table" or "json"'), default: 'table'}],
  async run({ctx, client, flags, args, print}) {
    const id = requireArgument(args, 0, 'container id must be provided');
    const format = flags.text('format');
    if (!['table', 'json'].includes(format)) {
      throw new EngineError('invalid-argument', 'format must be table or json');
    }
    await client.containers.get(ctx, {id});
    const {metrics} = await client.tasks.metrics(ctx, {filters: [`id==${id}`]});
    const [metric] = metrics;
    if (!metric?.data) throw new EngineError('not-found', 'no metrics received');
    if (format === 'json') return print(indentedJson(metricsObject(metric.data)));
    const {seconds = 0n, nanos = 0} = metric.timestamp ?? {};
    print(
      `${table(
        [
          ['ID', 'TIMESTAMP'],
          [id, `seconds:${seconds} nanos:${nanos}`],
        ],
        wide,
      )}\n`,
    );
    print(table([['METRIC', 'VALUE'], ...metricRows(metric.data)], wide));
  },
};
export default leaf;
