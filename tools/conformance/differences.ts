/** Tests of the original that fail, each with its reason. A name stands for all parts of its test. */
export type Differences = Readonly<Record<string, string>>;

/** They fail against the original too, in the surroundings that sandbox.sh makes. */
export const originalDifferences: Differences = {
  TestInfoDiscoveryBackend: 'Debian builds the original without consul',
  TestInfoDiscoveryAdvertiseInterfaceName: 'Debian builds the original without consul',
  TestDaemonDNSFallback: 'needs a name server outside of the machine',
  TestImagePullStoredfDigestForOtherRepo: "Debian's registry answers differently",
  'TestDockerSuite/TestRunCapAddCHOWN': "Debian's busybox has no adduser",
  'TestDockerSuite/TestRunProcWritableInPrivilegedContainers': 'the kernel may have no /proc/sysrq-trigger',
};

const builds = 'needs a builder';
const swarm = 'needs a swarm';
const oldApi = 'the least API version is 1.24';
const words = 'the message is that of newer engines';
const takesOver = 'what a killed daemon left running is taken over, with or without --live-restore';
const resolvConf = 'newer engines comment the file';

/** Against this engine, which answers as version 28 does where 20.10 was different. */
export const differences: Differences = {
  TestContainerInvalidJSON: 'a body is optional since 23',
  TestCopyFromContainer: builds,
  TestCreateWithCustomMaskedPaths: 'newer engines mask more paths',
  TestInspectCpusetInConfigPre120: oldApi,
  TestKillStoppedContainerAPIPre120: oldApi,
  TestKillDifferentUserContainer: oldApi,
  TestKillContainerInvalidSignal: words,
  TestRemoveContainerRunning: words,
  TestInfoAPIVersioned: oldApi,
  TestInfoAPIWarnings: 'newer engines refuse tcp:// without TLS instead of warning',
  TestInfoInsecureRegistries: 'newer engines also list ::1/128',
  TestInspectNetwork: swarm,
  TestServiceWithPredefinedNetwork: swarm,
  TestServiceWithDataPathPortInit: swarm,
  TestServiceWithDefaultAddressPoolInit: swarm,
  'TestDaemonRestartKillContainers/live-restore=false/container_without_restart_policy/kill-daemon': takesOver,
  TestContainerKillOnDaemonStart: takesOver,
  ...inSuite('TestDockerSuite', {
    TestRunAttachWithDetach: words,
    TestRunCidFileCleanupIfEmpty: words,
    TestRunWithOomScoreAdjInvalidRange: words,
    TestRunCleanupCmdOnEntrypoint: builds,
    TestRunCopyVolumeContent: builds,
    TestRunCopyVolumeUIDGID: builds,
    TestRunCreateVolumeWithSymlink: builds,
    TestRunCreateVolumesInSymlinkDir: builds,
    TestRunCreateVolumesInSymlinkDir2: builds,
    TestRunInitLayerPathOwnership: builds,
    TestRunNamedVolumeCopyImageData: builds,
    TestRunTmpfsMountsOverrideImageVolumes: builds,
    TestRunUnsetEntrypoint: builds,
    TestRunVolumeCopyFlag: builds,
    TestRunVolumesCleanPaths: builds,
    TestRunVolumesFromSymlinkPath: builds,
    TestRunDNSDefaultOptions: resolvConf,
    TestRunDNSOptions: resolvConf,
    TestRunDNSRepeatOptions: resolvConf,
    TestRunNoDupVolumes: 'a create that fails leaves no volume',
    TestRunDuplicateMount: 'Config.Volumes is shown as it was sent: empty, not null',
    TestRunRmPre125Api: '--rm is the work of the daemon, which has it since API 1.25',
    TestRunTLSVerify: '--tlsverify=false alone does not ask for TLS',
  }),
};

function inSuite(suite: string, list: Differences): Differences {
  return Object.fromEntries(Object.entries(list).map(([name, because]) => [`${suite}/${name}`, because]));
}
