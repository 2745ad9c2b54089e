import type {ContainerStats, ContainerSummary, EventMessage} from '@longshore/api/engine';
import type {Cli} from '../../cli.ts';
import {isNotFound} from '../../client/api-error.ts';
import {listFormat} from '../../command/common-flags.ts';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {anyArguments} from '../../command/positional.ts';
import {parseJsonStream} from '../../format/json-stream.ts';
import {formatList} from '../../format/list.ts';
import {type ContainerUsage, StatsMeter, statsRow, statsTable} from '../../format/stats-row.ts';

const flags = {
  all: flag.bool('Show all containers (default shows just running)', {char: 'a'}),
  format: listFormat,
  'no-stream': flag.bool('Disable streaming stats and only pull the first result'),
  'no-trunc': flag.bool('Do not truncate output'),
} satisfies FlagSpecs;

/** The picture is drawn anew this often. */
const refreshMs = 500;

export default class ContainerStatsCommand extends DockerCommand<typeof flags> {
  static override summary = 'Display a live stream of container(s) resource usage statistics';
  static override flags = flags;
  static override tail = '[OPTIONS] [CONTAINER...]';
  static override positional = anyArguments;

  async execute({cli, args, flags: values}: Input<typeof flags>) {
    const format = values.format || cli.config.statsFormat || '';
    const show = (usages: ContainerUsage[]) =>
      formatList(usages, statsRow({truncate: !values['no-trunc']}), {format, table: statsTable});
    const watch = new StatsWatch(cli, values['no-stream']);
    if (args.length > 0) for (const name of args) watch.add(name);
    else await watch.addAll(values.all, !values['no-stream']);
    await watch.first();
    watch.throwFailure(args.length > 0);
    if (values['no-stream']) {
      cli.stdout.write(show(watch.usages()));
      return;
    }
    const isTable = format === '' || format.startsWith('table');
    for (;;) {
      watch.throwFailure(false);
      if (args.length > 0 && watch.size === 0) return;
      // The cursor goes home and every line is cleared to its end, so that nothing flickers.
      const text = show(watch.usages());
      cli.stdout.write(isTable ? `\x1b[H${text.replaceAll('\n', '\x1b[K\n')}\x1b[J` : text);
      await new Promise(resolve => setTimeout(resolve, refreshMs));
    }
  }
}

/** Reads the statistics of several containers at once. */
class StatsWatch {
  readonly #cli: Cli;
  readonly #isOnce: boolean;
  readonly #usages = new Map<string, ContainerUsage>();
  readonly #first: Promise<unknown>[] = [];
  #failure: Error | undefined;

  constructor(cli: Cli, isOnce: boolean) {
    this.#cli = cli;
    this.#isOnce = isOnce;
  }

  get size(): number {
    return this.#usages.size;
  }

  usages(): ContainerUsage[] {
    return [...this.#usages.values()];
  }

  add(name: string): void {
    if (this.#usages.has(name)) return;
    this.#usages.set(name, {container: name});
    const {promise, resolve} = Promise.withResolvers<void>();
    this.#first.push(promise);
    this.#read(name, resolve)
      .catch(error => {
        this.#failure ??= error as Error;
        this.#usages.delete(name);
      })
      .finally(resolve);
  }

  /** All containers there are, and those to come when `follows`. */
  async addAll(all: boolean, follows: boolean): Promise<void> {
    if (follows) {
      this.#followEvents(all).catch(error => {
        this.#failure ??= error as Error;
      });
    }
    const containers = await this.#cli.client.get<ContainerSummary[]>('/containers/json', {query: {all}});
    for (const container of containers) this.add(container.Id.slice(0, 12));
  }

  /** Resolves when every container has been read once, or could not be. */
  async first(): Promise<void> {
    await Promise.all(this.#first);
  }

  /** A container that went away is no failure of a list of all of them. */
  throwFailure(isNamed: boolean): void {
    if (this.#failure && (isNamed || !isNotFound(this.#failure))) throw new CliError(this.#failure.message);
  }

  async #read(name: string, wasRead: () => void): Promise<void> {
    const query = {stream: this.#isOnce ? 0 : 1};
    const {body} = await this.#cli.client.request('GET', `/containers/${name}/stats`, {query});
    const meter = new StatsMeter();
    for await (const stats of parseJsonStream<ContainerStats>(body)) {
      this.#usages.set(name, meter.measure(name, stats));
      wasRead();
    }
    if (!this.#isOnce) this.#usages.delete(name);
  }

  async #followEvents(all: boolean): Promise<void> {
    const filters = JSON.stringify({type: {container: true}});
    const {body} = await this.#cli.client.request('GET', '/events', {query: {filters}});
    for await (const {Action, Actor} of parseJsonStream<EventMessage>(body)) {
      const id = Actor.ID.slice(0, 12);
      if (Action === 'start' || (all && Action === 'create')) this.add(id);
      if (Action === 'destroy' || (!all && Action === 'die')) this.#usages.delete(id);
    }
  }
}
