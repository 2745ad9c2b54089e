/** What the shim needs to know of a container's config.json. */
import type {Spec} from '@longshore/api/oci';

/** False when the container shares the host's pid namespace or joins that of another container. */
export function hasOwnPidNamespace(configJson: string): boolean {
  const spec = JSON.parse(configJson) as Partial<Spec>;
  return (spec.linux?.namespaces ?? []).some(({type, path}) => type === 'pid' && !path);
}

/** Containers with the same group share one shim: annotation of containerd, or of Kubernetes. Empty for none. */
export function groupOf(configJson: string): string {
  const annotations = (JSON.parse(configJson) as Partial<Spec>).annotations ?? {};
  return annotations['io.containerd.runc.v2.group'] ?? annotations['io.kubernetes.cri.sandbox-id'] ?? '';
}
