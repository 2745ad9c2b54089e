import type {LinuxNamespace} from '@longshore/api/oci';

/** `own` makes a namespace, `host` stays in the host's, a path joins one that exists. */
export type NamespaceChoice = 'own' | 'host' | {path: string};

export interface NamespaceChoices {
  user: NamespaceChoice;
  network: NamespaceChoice;
  uts: NamespaceChoice;
  pid: NamespaceChoice;
  ipc: NamespaceChoice;
  cgroup: NamespaceChoice;
}

/** The list of the spec, in Docker's order; the mount namespace is always the container's own. */
export function namespacesToOci(choices: NamespaceChoices): LinuxNamespace[] {
  return [
    {type: 'mount'},
    ...(['user', 'network', 'uts', 'pid', 'ipc', 'cgroup'] as const).flatMap((type): LinuxNamespace[] => {
      const choice = choices[type];
      if (choice === 'host') return [];
      return [choice === 'own' ? {type} : {type, path: choice.path}];
    }),
  ];
}
