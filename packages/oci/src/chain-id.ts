import {digestOf} from './digest.ts';

/** Names the stack of layers whose uncompressed digests these are, from the base upwards; empty for none. */
export function chainId(diffIds: readonly string[]): string {
  return chainIds(diffIds).at(-1) ?? '';
}

/** The chain id after each layer: the first is the first diff id, the next hashes `<chain> <diff>`. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = [];
  for (const diffId of diffIds) {
    const below = chains.at(-1);
    chains.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chains;
}
