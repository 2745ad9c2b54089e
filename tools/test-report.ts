/** Reads the output of AVA (also through nx, which puts the project before each line): counts, and what failed. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';

export interface Report {
  passed: number;
  failed: number;
  skipped: number;
  /** `folder › file › title` as AVA prints them with the first words of why, files, and nx tasks that failed. */
  failures: string[];
}

const project = /^@?[\w/-]+:\s?/;
const counts =
  /^\s*(\d+) (?:uncaught exceptions?|unhandled rejections?|tests? remained pending .*|tests? (passed|failed|skipped))\s*$/;
/** A failed test with the first words of why, or a file with a test that threw aside or did not end. */
const failure = /^\s*(?:✘ \[fail\]: (.+)|(?:Uncaught exception|Unhandled rejection|\d+ tests? were pending) in (\S+))$/;
const failedTask = /^- (@longshore\/[\w-]+:[\w-]+)$/;

/** @returns the report that the lines add to, and the function that takes them. */
export function reader(): {report: Report; line: (line: string) => void} {
  const report: Report = {passed: 0, failed: 0, skipped: 0, failures: []};
  const add = (title: string) => {
    if (!report.failures.includes(title)) report.failures.push(title);
  };
  return {
    report,
    line(whole) {
      const task = failedTask.exec(whole)?.[1];
      if (task) add(task);
      const line = whole.replace(project, '');
      const [, title, file] = failure.exec(line) ?? [];
      if (title ?? file) add((title ?? file)!.trim());
      const match = counts.exec(line);
      if (match) report[(match[2] ?? 'failed') as 'passed' | 'failed' | 'skipped'] += Number(match[1]);
    },
  };
}

/** The test files below e2e/ that the failures are of; none if one of them cannot be told. */
export function filesOf(failures: readonly string[], root: string): string[] {
  const files = new Set<string>();
  for (const failure of failures) {
    const parts = failure.split(' › ');
    const named = [3, 2, 1].map(n => `e2e/${parts.slice(0, n).join('/')}.test.ts`);
    const file = [failure, ...named].find(f => existsSync(join(root, f)));
    if (!file) return [];
    files.add(file);
  }
  return [...files];
}
