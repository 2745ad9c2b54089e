import type {Volume} from '@longshore/api/engine';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag, splitPair} from '../../command/flags.ts';
import {atMost} from '../../command/positional.ts';
import {checkLabel} from '../../run/flag-values.ts';

const flags = {
  availability: flag.string('Cluster Volume availability ("active", "pause", "drain")', {initial: 'active'}),
  driver: flag.string('Specify volume driver name', {char: 'd', initial: 'local'}),
  group: flag.string('Cluster Volume group (cluster volumes)'),
  label: flag.list('Set metadata for a volume', {check: checkLabel}),
  'limit-bytes': flag.bytes('Minimum size of the Cluster Volume in bytes'),
  opt: flag.map('Set driver specific options', {char: 'o'}),
  'required-bytes': flag.bytes('Maximum size of the Cluster Volume in bytes'),
  scope: flag.string('Cluster Volume access scope ("single", "multi")', {initial: 'single'}),
  secret: flag.map('Cluster Volume secrets'),
  sharing: flag.string('Cluster Volume access sharing ("none", "readonly", "onewriter", "all")', {initial: 'none'}),
  'topology-preferred': flag.list('A topology that the Cluster Volume would be preferred in'),
  'topology-required': flag.list('A topology that the Cluster Volume must be accessible from'),
  type: flag.string('Cluster Volume access type ("mount", "block")', {initial: 'block'}),
} satisfies FlagSpecs;

/** These make a volume of a swarm cluster, which this engine has none of. */
const clusterFlags = [
  ...['availability', 'group', 'limit-bytes', 'required-bytes', 'scope', 'secret', 'sharing'],
  ...['topology-preferred', 'topology-required', 'type'],
] as const;

export default class VolumeCreate extends DockerCommand<typeof flags> {
  static override summary = 'Create a volume';
  static override flags = flags;
  static override tail = '[OPTIONS] [VOLUME]';
  static override positional = atMost(1);

  async execute({cli, args: [name], flags: values, given}: Input<typeof flags>) {
    const cluster = clusterFlags.find(flagName => given.has(flagName));
    if (cluster) throw new CliError(`--${cluster} is not available: this engine has no cluster volumes`);
    const json = {
      Driver: values.driver,
      ...(Object.keys(values.opt).length > 0 && {DriverOpts: values.opt}),
      ...(values.label.length > 0 && {Labels: Object.fromEntries(values.label.map(splitPair))}),
      ...(name && {Name: name}),
    };
    const {Name} = await cli.client.post<Volume>('/volumes/create', {json});
    cli.print(Name);
  }
}
