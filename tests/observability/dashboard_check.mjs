#!/usr/bin/env node
// Checks a Grafana dashboard: what Grafana would silently drop or draw over, and that Prometheus can
// read every expression. Prints what is wrong, and exits with 1 when something is.
// Usage: dashboard_check.mjs DASHBOARD
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expressionsOf } from './expressions.mjs';

const path = process.argv[2];
const dashboard = JSON.parse(readFileSync(path, 'utf8'));
const kGridColumns = 24;
const problems = [];
const need = (holds, problem) => {
  if (!holds) problems.push(problem);
};

function checkVariables() {
  const variables = dashboard.templating?.list ?? [];
  const names = variables.map((variable) => variable.name);
  need(new Set(names).size === names.length, 'two variables have the same name');
  need(
    variables.some((variable) => variable.type === 'datasource' && variable.query === 'prometheus'),
    'there is no variable for the data source',
  );
  for (const [, used] of JSON.stringify(dashboard.panels).matchAll(/\$\{?([a-z]\w*)\}?/g)) {
    need(names.includes(used), `there is no variable $${used}`);
  }
}

function checkPlace(panel) {
  const { x, y, w, h } = panel.gridPos ?? {};
  const whole = [x, y, w, h].every(Number.isInteger);
  need(whole && x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= kGridColumns, `${panel.title}: no place on the grid`);
  for (const other of dashboard.panels) {
    if (other === panel) continue;
    const apart =
      x + w <= other.gridPos.x || other.gridPos.x + other.gridPos.w <= x ||
      y + h <= other.gridPos.y || other.gridPos.y + other.gridPos.h <= y;
    need(apart, `${panel.title} lies over ${other.title}`);
  }
}

function checkPanel(panel) {
  need(typeof panel.title === 'string' && panel.title !== '', `panel ${panel.id} has no title`);
  need(['row', 'timeseries', 'stat'].includes(panel.type), `${panel.title}: unknown type ${panel.type}`);
  checkPlace(panel);
  if (panel.type === 'row') return;
  need(Boolean(panel.description), `${panel.title} does not say what it shows`);
  need(Boolean(panel.fieldConfig?.defaults?.unit), `${panel.title} has no unit`);
  need(panel.targets?.length > 0, `${panel.title} shows nothing`);
  const letters = (panel.targets ?? []).map((target) => target.refId);
  need(new Set(letters).size === letters.length, `${panel.title}: two targets have the same refId`);
  for (const part of [panel, ...(panel.targets ?? [])]) {
    need(part.datasource?.uid === '${datasource}', `${panel.title} is bound to one data source`);
  }
  for (const target of panel.targets ?? []) {
    need(Boolean(target.expr) && Boolean(target.legendFormat), `${panel.title}: an expression or its legend is empty`);
  }
}

function checkExpressions() {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
  const file = join(folder, 'rules.yaml');
  const rules = expressionsOf(path).map((expr, i) => `      - {record: "panel:${i}", expr: ${JSON.stringify(expr)}}`);
  writeFileSync(file, `groups:\n  - name: panels\n    rules:\n${rules.join('\n')}\n`);
  try {
    execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8', stdio: 'pipe' });
  } catch (failure) {
    problems.push(`promtool: ${failure.stderr ?? failure.message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const field of ['uid', 'title', 'schemaVersion', 'panels']) {
  need(dashboard[field] !== undefined, `the dashboard has no ${field}`);
}
const ids = dashboard.panels.map((panel) => panel.id);
need(ids.every(Number.isInteger) && new Set(ids).size === ids.length, 'the ids of the panels are not unique');
checkVariables();
for (const panel of dashboard.panels) checkPanel(panel);
checkExpressions();
for (const problem of problems) console.error(`${path}: ${problem}`);
process.exit(problems.length === 0 ? 0 : 1);
