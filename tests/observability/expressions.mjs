// Finds every PromQL expression of the rules and dashboards, and the names of metrics in it.
import { readFileSync } from 'node:fs';

// Of one rule file: a scalar on the line, or folded below it.
function expressionsOfRules(text) {
  const lines = text.split('\n');
  const found = [];
  for (let i = 0; i < lines.length; i += 1) {
    const match = /^(\s*)(?:- )?expr:\s*(.*)$/.exec(lines[i]);
    if (match === null) continue;
    const [, indent, rest] = match;
    if (!/^[>|]/.test(rest)) {
      found.push(rest.replace(/^(["'])(.*)\1$/, '$2'));
      continue;
    }
    const folded = [];
    while (i + 1 < lines.length && /^\s+/.exec(lines[i + 1])?.[0].length > indent.length) {
      i += 1;
      folded.push(lines[i].trim());
    }
    found.push(folded.join(' '));
  }
  return found;
}

// Grafana fills these in before Prometheus sees the expression.
function withoutVariables(expression) {
  return expression
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '1h')
    .replace(/\$\{?\w+\}?/g, '.*');
}

function expressionsOfDashboard(text) {
  const dashboard = JSON.parse(text);
  const panels = dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
  return panels.flatMap((panel) => (panel.targets ?? []).map((target) => withoutVariables(target.expr)));
}

export function expressionsOf(path) {
  const text = readFileSync(path, 'utf8');
  return path.endsWith('.json') ? expressionsOfDashboard(text) : expressionsOfRules(text);
}

export function recordedIn(path) {
  return [...readFileSync(path, 'utf8').matchAll(/^\s*(?:- )?record:\s*(\S+)$/gm)].map((match) => match[1]);
}

const keywords = new Set(
  'and or unless on ignoring by without group_left group_right bool offset inf nan start end atan2'.split(' '),
);

// What is left of an expression without texts, matchers, durations and lists of labels are metrics,
// functions (before a parenthesis) and keywords.
export function metricNamesIn(expression) {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replace(/\boffset\s+-?\w+/g, ' ');
  const names = new Set();
  for (const match of bare.matchAll(/(?<![\w:.])[A-Za-z_:][\w:]*/g)) {
    const rest = bare.slice(match.index + match[0].length).trimStart();
    const aggregates = /^(sum|min|max|avg|count|topk|bottomk|quantile|stddev|group)$/.test(match[0]);
    if (rest.startsWith('(') || aggregates || keywords.has(match[0].toLowerCase())) continue;
    names.add(match[0]);
  }
  return [...names];
}
