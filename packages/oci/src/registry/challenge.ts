/** `WWW-Authenticate: Bearer realm="…",service="…",scope="…"` and `Basic realm="…"`. */

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

const parameterPattern = /([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(,|$)\s*/y;

/** All challenges of a header; what is malformed is left out. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const challenges: Challenge[] = [];
  let rest = (header ?? '').trim();
  while (rest !== '') {
    const scheme = /^([A-Za-z0-9_-]+)(?:\s+|$)/.exec(rest);
    if (!scheme?.[1]) break;
    const parameters: Record<string, string> = {};
    parameterPattern.lastIndex = scheme[0].length;
    let end = parameterPattern.lastIndex;
    for (let match = parameterPattern.exec(rest); match; match = parameterPattern.exec(rest)) {
      const quoted = match[2]?.replace(/\\(.)/g, '$1');
      parameters[match[1]?.toLowerCase() ?? ''] = quoted ?? match[3] ?? '';
      end = parameterPattern.lastIndex;
    }
    challenges.push({scheme: scheme[1].toLowerCase(), parameters});
    rest = rest.slice(end).trim();
  }
  return challenges;
}
