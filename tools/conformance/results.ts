/** What a test binary of Go printed, and what of it was to be expected. */
export type Outcome = 'PASS' | 'FAIL' | 'SKIP';

/** Outcomes by name of the test (`TestX/part`), from the output of `-test.v`. */
export function parseResults(output: string): Map<string, Outcome> {
  const results = new Map<string, Outcome>();
  for (const [, outcome, name] of output.matchAll(/--- (PASS|FAIL|SKIP): (\S+)/g)) {
    results.set(name as string, outcome as Outcome);
  }
  return results;
}

export interface Verdict {
  passed: number;
  skipped: number;
  /** Failures that the list of differences explains. */
  known: string[];
  /** Failures that nothing explains. */
  unexpected: string[];
  /** Listed as failing, but they pass: the list is out of date. */
  outdated: string[];
}

/** `differences` are names of tests; one stands for all parts of its test. */
export function judge(results: ReadonlyMap<string, Outcome>, differences: ReadonlySet<string>): Verdict {
  const verdict: Verdict = {passed: 0, skipped: 0, known: [], unexpected: [], outdated: []};
  const failures = [...results].filter(([, outcome]) => outcome === 'FAIL').map(([name]) => name);
  const parts = (name: string) => failures.filter(each => each.startsWith(`${name}/`));
  const isListed = (name: string) => prefixes(name).some(each => differences.has(each));
  // A test with parts also fails when one of them does.
  const isKnown = (name: string) => isListed(name) || (parts(name).length > 0 && parts(name).every(isListed));
  for (const [name, outcome] of results) {
    if (outcome === 'SKIP') verdict.skipped++;
    else if (outcome === 'FAIL') (isKnown(name) ? verdict.known : verdict.unexpected).push(name);
    else {
      verdict.passed++;
      if (differences.has(name)) verdict.outdated.push(name);
    }
  }
  return verdict;
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`. */
function prefixes(name: string): string[] {
  const words = name.split('/');
  return words.map((_, index) => words.slice(0, index + 1).join('/'));
}
