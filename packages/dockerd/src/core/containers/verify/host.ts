/** Checks of a HostConfig that need nothing but itself and the daemon's settings. */
import {EngineError} from '@longshore/errdefs';
import {verifyLogOptions} from '../../logs/options/verify.ts';
import type {HostConfig} from '../documents/host-config.ts';
import {checkRestartPolicy, hasRestartPolicy} from '../restart-policy.ts';
import {rootfsSizeLimit} from '../size-limit.ts';
import {normaliseCapabilities} from '../spec/capabilities.ts';
import {parseDeviceCgroupRule} from '../spec/resources.ts';
import {parseSecurityOptions} from '../spec/security-options.ts';

/** Throws Docker's messages. `host` is already filled with the daemon's defaults. */
export function verifyHostConfig(host: HostConfig, runtimes: readonly string[]): void {
  verifyModes(host);
  checkRestartPolicy(host.RestartPolicy);
  if (host.AutoRemove && hasRestartPolicy(host.RestartPolicy)) {
    refuse(`can't create 'AutoRemove' container with restart policy`);
  }
  for (const entry of host.ExtraHosts ?? []) verifyExtraHost(entry);
  verifyPortBindings(host);
  normaliseCapabilities(host.CapAdd ?? [], 'CapAdd');
  normaliseCapabilities(host.CapDrop ?? [], 'CapDrop');
  parseSecurityOptions(host.SecurityOpt ?? []);
  for (const rule of host.DeviceCgroupRules ?? []) parseDeviceCgroupRule(rule);
  if (host.OomScoreAdj < -1000 || host.OomScoreAdj > 1000) {
    refuse(`Invalid value ${host.OomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
  if (!['', 'default'].includes(host.Isolation.toLowerCase())) {
    refuse(`Invalid isolation: ${JSON.stringify(host.Isolation)} - linux only supports 'default'`);
  }
  rootfsSizeLimit(host.StorageOpt ?? {}, []);
  if (host.IOMaximumBandwidth !== 0) {
    refuse('invalid QoS settings: linux does not support configuration of maximum bandwidth');
  }
  if (host.IOMaximumIOps !== 0) refuse('invalid QoS settings: linux does not support configuration of maximum IOPs');
  if (Object.hasOwn(host.Annotations ?? {}, '')) {
    refuse('invalid Annotations: the empty string is not permitted as an annotation key');
  }
  if (host.ShmSize < 0) refuse('SHM size can not be less than 0');
  verifyRuntime(host.Runtime, runtimes);
  verifyLogOptions(host.LogConfig.Type, host.LogConfig.Config ?? {});
}

/** What a container with shifted ids cannot have. Throws Docker's messages, with its two blanks. */
export function verifyRemapped(host: HostConfig): void {
  if (host.UsernsMode === 'host') return;
  if (host.Privileged) {
    refuse(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  }
  if (host.NetworkMode === 'host') {
    refuse(`cannot share the host's network namespace when user namespaces are enabled`);
  }
  if (host.PidMode === 'host') refuse('cannot share the host PID namespace when user namespaces are enabled');
}

function verifyModes(host: HostConfig): void {
  const joins = (mode: string) => /^container:.+$/.test(mode);
  if (!['', 'none', 'private', 'shareable', 'host'].includes(host.IpcMode) && !joins(host.IpcMode)) {
    refuse(`invalid IPC mode: ${host.IpcMode}`);
  }
  if (!['', 'host'].includes(host.PidMode) && !joins(host.PidMode)) refuse(`invalid PID mode: ${host.PidMode}`);
  if (!['', 'host'].includes(host.UTSMode)) refuse(`invalid UTS mode: ${host.UTSMode}`);
  if (!['', 'private', 'host'].includes(host.CgroupnsMode)) {
    refuse(`invalid cgroup namespace mode: ${host.CgroupnsMode}`);
  }
}

function verifyExtraHost(entry: string): void {
  const [, name = '', address = ''] = /^([^:=]+)[:=](.+)$/.exec(entry) ?? [];
  if (name === '' || address === '') refuse(`bad format for add-host: ${JSON.stringify(entry)}`);
}

function verifyPortBindings({PortBindings: bindings}: HostConfig): void {
  for (const [key, list] of Object.entries(bindings ?? {})) {
    const [port = ''] = key.split('/');
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
      refuse(`invalid port specification: ${JSON.stringify(port)}`);
    }
    for (const {HostPort: port} of list ?? []) {
      const parts = port === '' ? [] : port.split('-');
      const valid = parts.length <= 2 && parts.every(part => /^\d{1,5}$/.test(part) && Number(part) <= 65_535);
      if (!valid) refuse(`invalid port specification: ${JSON.stringify(port)}`);
    }
  }
}

function verifyRuntime(runtime: string, known: readonly string[]): void {
  if (runtime === '' || known.includes(runtime) || /^io\.containerd\.runc\.v2$/.test(runtime)) return;
  refuse(`unknown or invalid runtime name: ${runtime}`);
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
