/** `docker info` and `docker version` field by field against what the original answered. */
import {engineVersion} from '@longshore/base';
import {mergeConfig} from '../../config/config.ts';
import {recordedTest, recording} from '../../core/recordings.testing.ts';
import type {DaemonInfo, RuntimeStatus} from '../../core/system/backend.ts';
import type {CgroupFacts, HostFacts} from '../../core/system/host-facts.ts';
import {hostWarnings} from '../../core/system/warnings.ts';
import {infoToJson, versionToJson} from './convert.ts';

// biome-ignore lint/suspicious/noExplicitAny: a recorded document of any shape
type Document = any;

/** What this engine has of its own, and says so. */
const own = ['ServerVersion', 'Plugins', 'SystemTime', 'Driver', 'DriverStatus'];

/** The facts that lead to a recorded document. */
function sourcesOf(info: Document): DaemonInfo {
  const host = hostOf(info);
  const {Address: containerdAddress} = info.Containerd;
  const runtimes = Object.entries(info.Runtimes as Record<string, Document>).map(([name, {path, status}]) => {
    const features = status['org.opencontainers.runtime-spec.features'];
    const runtime: RuntimeStatus = {path, features, runtimeArgs: [], runtimeType: '', options: {}};
    return [name, runtime] as const;
  });
  return {
    engineId: info.ID,
    isRemapped: false,
    hostname: info.Name,
    config: mergeConfig({dataRoot: info.DockerRootDir, experimental: info.ExperimentalBuild}, registryFlags(info)),
    host,
    containerdAddress,
    snapshotter: info.Driver,
    proxies: {httpProxy: info.HttpProxy, httpsProxy: info.HttpsProxy, noProxy: info.NoProxy},
    containers: {
      total: info.Containers,
      running: info.ContainersRunning,
      paused: info.ContainersPaused,
      stopped: info.ContainersStopped,
    },
    images: info.Images,
    openFiles: info.NFd,
    jobs: info.NGoroutines,
    eventSubscribers: info.NEventsListener,
    ipv4Forwarding: info.IPv4Forwarding,
    runtimes: Object.fromEntries(runtimes),
    versions: [
      {name: 'containerd', version: '', gitCommit: info.ContainerdCommit.ID},
      {name: 'runc', version: '', gitCommit: info.RuncCommit.ID},
      {name: 'docker-init', version: '', gitCommit: info.InitCommit.ID},
    ],
    initBinary: info.InitBinary,
    warnings: hostWarnings(host, 'cgroupfs', info.IPv4Forwarding),
  };
}

function registryFlags(info: Document) {
  const names = Object.keys(info.RegistryConfig.IndexConfigs).filter(name => name !== 'docker.io');
  return names.length > 0 ? {insecureRegistries: names} : {};
}

function hostOf(info: Document): HostFacts {
  const cgroup: Partial<CgroupFacts> = {
    version: Number(info.CgroupVersion) as 1 | 2,
    memoryLimit: info.MemoryLimit,
    swapLimit: info.SwapLimit,
    kernelMemoryTcp: info.KernelMemoryTCP ?? false,
    cpuCfs: info.CpuCfsQuota,
    cpuShares: info.CPUShares,
    cpuset: info.CPUSet,
    pids: info.PidsLimit,
    oomKillDisable: info.OomKillDisable,
  };
  return {
    kernelVersion: info.KernelVersion,
    operatingSystem: info.OperatingSystem,
    osVersion: info.OSVersion,
    machine: info.Architecture,
    architecture: 'amd64',
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    cgroup: cgroup as CgroupFacts,
    seccomp: true,
    apparmor: false,
    selinux: false,
    systemd: false,
  };
}

for (const path of ['containerd-store/info.json', 'api/info.json', 'cgroup-v2/info.json']) {
  recordedTest(`info, as in ${path}`, t => {
    const expected: Document = JSON.parse(recording(path));
    const actual: Document = infoToJson(sourcesOf(expected));
    t.deepEqual(Object.keys(actual), Object.keys(expected), 'every field, in the same order');
    t.deepEqual(Object.keys(actual.Plugins), Object.keys(expected.Plugins));
    t.is(actual.ServerVersion, engineVersion);
    for (const key of Object.keys(expected).filter(each => !own.includes(each))) {
      t.deepEqual(actual[key], expected[key], key);
    }
  });
}

recordedTest('version', t => {
  const expected: Document = JSON.parse(recording('api/version.json'));
  const host = {architecture: expected.Arch, kernelVersion: expected.KernelVersion} as HostFacts;
  const components = expected.Components.slice(1).map(({Name, Version, Details}: Document) => ({
    name: Name,
    version: Version,
    gitCommit: Details.GitCommit,
  }));
  const actual: Document = versionToJson({host, experimental: false, components});
  t.deepEqual(Object.keys(actual), Object.keys(expected));
  t.deepEqual(actual.Components.slice(1), expected.Components.slice(1));
  t.deepEqual(Object.keys(actual.Components[0].Details), Object.keys(expected.Components[0].Details));
  for (const key of ['ApiVersion', 'MinAPIVersion', 'Os', 'Arch', 'KernelVersion']) t.is(actual[key], expected[key]);
});
