/** The server's part of `docker info`. */
import type {SystemInfo} from '@longshore/api/engine';
import {binarySize} from '@longshore/term';

/** Lines with one space in front, as Docker prints them. */
export function serverInfoText(info: SystemInfo): string {
  const lines = [
    ...counts(info),
    ...storage(info),
    ...plugins(info),
    ...swarm(info),
    ...runtimes(info),
    ...security(info),
    ...machine(info),
    ...daemon(info),
  ];
  return lines.map(line => ` ${line}\n`).join('');
}

function counts(info: SystemInfo): string[] {
  return [
    `Containers: ${info.Containers}`,
    ` Running: ${info.ContainersRunning}`,
    ` Paused: ${info.ContainersPaused}`,
    ` Stopped: ${info.ContainersStopped}`,
    `Images: ${info.Images}`,
    ...given('Server Version', info.ServerVersion),
  ];
}

function storage(info: SystemInfo): string[] {
  const pairs = (list: [string, string][] | null | undefined) =>
    (list ?? []).map(([name, value]) => ` ${name}: ${value}`);
  return [
    ...given('Storage Driver', info.Driver),
    ...pairs(info.DriverStatus),
    ...pairs(info.SystemStatus),
    ...given('Logging Driver', info.LoggingDriver),
    ...given('Cgroup Driver', info.CgroupDriver),
    ...given('Cgroup Version', info.CgroupVersion),
  ];
}

function plugins({Plugins: names, CDISpecDirs: directories}: SystemInfo): string[] {
  return [
    'Plugins:',
    ` Volume: ${(names?.Volume ?? []).join(' ')}`,
    ` Network: ${(names?.Network ?? []).join(' ')}`,
    ...(names?.Authorization?.length ? [` Authorization: ${names.Authorization.join(' ')}`] : []),
    ` Log: ${(names?.Log ?? []).join(' ')}`,
    ...(directories?.length ? ['CDI spec directories:', ...directories.map(path => ` ${path}`)] : []),
  ];
}

function swarm({Swarm: state}: SystemInfo): string[] {
  const lines = [`Swarm: ${state?.LocalNodeState ?? 'inactive'}`];
  if (!state || state.LocalNodeState === 'inactive' || state.LocalNodeState === 'locked') return lines;
  lines.push(` NodeID: ${state.NodeID}`);
  if (state.Error) lines.push(` Error: ${state.Error}`);
  lines.push(` Is Manager: ${state.ControlAvailable}`);
  if (state.ControlAvailable) lines.push(` Managers: ${state.Managers ?? 0}`, ` Nodes: ${state.Nodes ?? 0}`);
  return [...lines, ` Node Address: ${state.NodeAddr}`];
}

function runtimes(info: SystemInfo): string[] {
  const names = Object.keys(info.Runtimes ?? {}).sort();
  return [
    ...(names.length > 0 ? [`Runtimes: ${names.join(' ')}`, `Default Runtime: ${info.DefaultRuntime}`] : []),
    ...(info.OSType === 'linux'
      ? [
          `Init Binary: ${info.InitBinary || '<unknown>'}`,
          `containerd version: ${info.ContainerdCommit?.ID ?? ''}`,
          `runc version: ${info.RuncCommit?.ID ?? ''}`,
          `init version: ${info.InitCommit?.ID ?? ''}`,
        ]
      : []),
  ];
}

/** `name=seccomp,profile=builtin` is two lines. */
function security({SecurityOptions: options}: SystemInfo): string[] {
  if (!options?.length) return [];
  const lines = ['Security Options:'];
  for (const option of options) {
    const pairs = option.split(',').map(pair => pair.split('=') as [string, string]);
    const name = pairs.find(([key]) => key === 'name')?.[1];
    if (name) lines.push(` ${name}`);
    for (const [key, value] of pairs) if (key === 'profile') lines.push(`  Profile: ${value}`);
  }
  return lines;
}

function machine(info: SystemInfo): string[] {
  return [
    `Kernel Version: ${info.KernelVersion}`,
    `Operating System: ${info.OperatingSystem}`,
    `OSType: ${info.OSType}`,
    `Architecture: ${info.Architecture}`,
    `CPUs: ${info.NCPU}`,
    `Total Memory: ${binarySize(Number(info.MemTotal))}`,
    `Name: ${info.Name}`,
    `ID: ${info.ID}`,
  ];
}

function daemon(info: SystemInfo): string[] {
  const registries = info.RegistryConfig;
  const insecure = Object.values(registries?.IndexConfigs ?? {}).filter(index => !index.Secure);
  const networks = registries?.InsecureRegistryCIDRs ?? [];
  const mirrors = registries?.Mirrors ?? [];
  return [
    `Docker Root Dir: ${info.DockerRootDir}`,
    `Debug Mode: ${info.Debug}`,
    ...debugging(info),
    ...given('HTTP Proxy', info.HttpProxy),
    ...given('HTTPS Proxy', info.HttpsProxy),
    ...given('No Proxy', info.NoProxy),
    ...(info.Labels?.length ? ['Labels:', ...info.Labels.map(label => ` ${label}`)] : []),
    `Experimental: ${info.ExperimentalBuild}`,
    ...(insecure.length + networks.length > 0
      ? ['Insecure Registries:', ...insecure.map(index => ` ${index.Name}`), ...networks.map(network => ` ${network}`)]
      : []),
    ...(mirrors.length > 0 ? ['Registry Mirrors:', ...mirrors.map(mirror => ` ${mirror}`)] : []),
    `Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    ...given('Product License', info.ProductLicense),
    ...(info.DefaultAddressPools?.length
      ? ['Default Address Pools:', ...info.DefaultAddressPools.map(pool => `  Base: ${pool.Base}, Size: ${pool.Size}`)]
      : []),
  ];
}

function debugging(info: SystemInfo): string[] {
  if (!info.Debug) return [];
  return [
    ` File Descriptors: ${info.NFd}`,
    ` Goroutines: ${info.NGoroutines}`,
    ` System Time: ${info.SystemTime}`,
    ` EventsListeners: ${info.NEventsListener}`,
  ];
}

function given(title: string, value: string | undefined): string[] {
  return value ? [`${title}: ${value}`] : [];
}

/** What the engine warns of; older ones leave it to the client to see what is missing. */
export function infoWarnings(info: SystemInfo): string[] {
  if (info.Warnings) return info.Warnings;
  const missing: [boolean, string][] = [
    [info.MemoryLimit, 'memory limit'],
    [info.SwapLimit, 'swap limit'],
    [info.CpuCfsQuota, 'cpu cfs quota'],
    [info.CpuCfsPeriod, 'cpu cfs period'],
    [info.CPUShares, 'cpu shares'],
    [info.CPUSet, 'cpuset'],
  ];
  if (info.OSType !== 'linux') return [];
  const lines = missing.filter(([isThere]) => !isThere).map(([, what]) => `WARNING: No ${what} support`);
  return info.IPv4Forwarding ? lines : [...lines, 'WARNING: IPv4 forwarding is disabled'];
}
