#!/usr/bin/env node
// Checks that each metric of the given rules and dashboards is in one of the scrapes, or recorded by
// one of the rules. Prints those that are not, and exits with 1 when there is one.
// Usage: metric_names.mjs RULES_OR_DASHBOARD… -- SCRAPE…
import { readFileSync } from 'node:fs';
import { expressionsOf, metricNamesIn, recordedIn } from './expressions.mjs';

const given = process.argv.slice(2);
const divider = given.indexOf('--');
if (divider < 1 || divider === given.length - 1) {
  console.error('Usage: metric_names.mjs RULES_OR_DASHBOARD… -- SCRAPE…');
  process.exit(2);
}
const files = given.slice(0, divider);
const scrapes = given.slice(divider + 1);

// Prometheus makes this one itself.
const known = new Set(['up']);
for (const scrape of scrapes) {
  for (const line of readFileSync(scrape, 'utf8').split('\n')) {
    if (line !== '' && !line.startsWith('#')) known.add(/^[\w:]+/.exec(line)[0]);
  }
}
for (const file of files) {
  if (!file.endsWith('.json')) for (const name of recordedIn(file)) known.add(name);
}

let checked = 0;
let unknown = 0;
for (const file of files) {
  for (const expression of expressionsOf(file)) {
    for (const name of metricNamesIn(expression)) {
      checked += 1;
      if (known.has(name)) continue;
      unknown += 1;
      console.error(`${file}: no process has a metric ${name}, as in: ${expression}`);
    }
  }
}
if (checked === 0) console.error(`there is no expression in ${files.join(', ')}`);
process.exit(checked > 0 && unknown === 0 ? 0 : 1);
