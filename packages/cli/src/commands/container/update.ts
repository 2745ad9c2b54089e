import type {ContainerUpdateRequest, ContainerUpdateResponse} from '@longshore/api/engine';
import {DockerCommand, type Input} from '../../command/docker-command.ts';
import {CliError} from '../../command/errors.ts';
import {type FlagSpecs, flag} from '../../command/flags.ts';
import {atLeast} from '../../command/positional.ts';
import {adjustableFlags} from '../../run/flags-resources.ts';
import {parseRestartPolicy} from '../../run/restart-policy.ts';
import {eachSettled} from '../each.ts';

const flags = {
  ...adjustableFlags,
  'cpu-rt-period': flag.int('Limit the CPU real-time period in microseconds'),
  'cpu-rt-runtime': flag.int('Limit the CPU real-time runtime in microseconds'),
  'memory-swap': flag.bytes('Swap limit equal to memory plus swap: -1 to enable unlimited swap', {unlimited: true}),
  restart: flag.string('Restart policy to apply when a container exits'),
} satisfies FlagSpecs;

export default class ContainerUpdate extends DockerCommand<typeof flags> {
  static override summary = 'Update configuration of one or more containers';
  static override flags = flags;
  static override tail = '[OPTIONS] CONTAINER [CONTAINER...]';
  static override positional = atLeast(1);

  async execute({cli, args, flags: values, given}: Input<typeof flags>) {
    if (given.size === 0) throw new CliError('you must provide one or more flags when using this command');
    const json: ContainerUpdateRequest = {
      CpuShares: values['cpu-shares'],
      Memory: values.memory,
      NanoCpus: values.cpus,
      CgroupParent: '',
      BlkioWeight: values['blkio-weight'],
      BlkioWeightDevice: null,
      BlkioDeviceReadBps: null,
      BlkioDeviceWriteBps: null,
      BlkioDeviceReadIOps: null,
      BlkioDeviceWriteIOps: null,
      CpuPeriod: values['cpu-period'],
      CpuQuota: values['cpu-quota'],
      CpuRealtimePeriod: values['cpu-rt-period'],
      CpuRealtimeRuntime: values['cpu-rt-runtime'],
      CpusetCpus: values['cpuset-cpus'],
      CpusetMems: values['cpuset-mems'],
      Devices: null,
      DeviceCgroupRules: null,
      DeviceRequests: null,
      MemoryReservation: values['memory-reservation'],
      MemorySwap: values['memory-swap'],
      MemorySwappiness: null,
      OomKillDisable: null,
      PidsLimit: given.has('pids-limit') ? values['pids-limit'] : null,
      Ulimits: null,
      CpuCount: 0,
      CpuPercent: 0,
      IOMaximumIOps: 0,
      IOMaximumBandwidth: 0,
      RestartPolicy: parseRestartPolicy(values.restart),
    };
    const warnings: string[] = [];
    const update = (name: string) => cli.client.post<ContainerUpdateResponse>(`/containers/${name}/update`, {json});
    const failures = await eachSettled(args, update, {
      done: ({Warnings}, name) => {
        cli.print(name);
        warnings.push(...(Warnings ?? []));
      },
    });
    if (warnings.length > 0) cli.print(warnings.join('\n'));
    if (failures.length > 0) throw new CliError(failures.map(({error}) => error.message).join('\n'));
  }
}
