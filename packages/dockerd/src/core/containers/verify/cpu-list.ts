/** The members of a list as `0-2,7`; undefined when it is malformed. An empty list is malformed too. */
export function parseCpuList(text: string): Set<number> | undefined {
  const result = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first) return undefined;
    for (let cpu = first; cpu <= last; cpu++) result.add(cpu);
  }
  return result;
}
