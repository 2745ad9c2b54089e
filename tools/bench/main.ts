/**
 * `npm run bench [-- NAME…]`: this engine and Debian's original one side by side in one run, each in namespaces of its
 * own, measured in turns so that both see the same machine. Figures are medians; the ratio is ours to the original's.
 */
import {argv} from 'node:process';
import {debianExecutables, startEngine} from '@longshore/testing';
import {measurements} from './measurements.ts';

const names = argv.slice(2);
const chosen = measurements.filter(m => names.length === 0 || names.includes(m.name));
if (chosen.length === 0) {
  console.error(`no such measurement; there are: ${measurements.map(m => m.name).join(', ')}`);
  process.exit(2);
}

await using ours = await startEngine({leakCheck: false});
await using original = await startEngine({executables: debianExecutables, leakCheck: false});
console.log(
  `${'measurement'.padEnd(52)} ${'ours'.padStart(10)} ${'original'.padStart(10)} ${'ratio'.padStart(6)}  goal`,
);
for (const measurement of chosen) {
  const [a, b] = await measurement.measure(ours, original);
  const {title, unit, goal} = measurement;
  const ratio = (a / b).toFixed(2);
  console.log(`${title.padEnd(52)} ${show(a, unit)} ${show(b, unit)} ${ratio.padStart(6)}  ${goal}`);
}

function show(value: number, unit: string): string {
  return `${value.toFixed(1)} ${unit}`.padStart(10);
}
