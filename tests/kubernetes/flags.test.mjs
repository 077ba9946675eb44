import assert from 'node:assert/strict';
import {test} from 'node:test';
import {composedContainers, containersOf, knownFlags, programs, wrongFlags} from './flags.mjs';
import {compose, overlays, rendered} from './manifests.mjs';

const known = knownFlags(process.env.MARGINALIA_BUILD);

for (const overlay of overlays) {
  test(`${overlay}: the programs know what they are started with`, () => {
    assert.deepEqual(wrongFlags(containersOf(rendered(overlay)), known), []);
  });
}

test('compose: the programs know what they are started with', () => {
  const containers = composedContainers(compose());
  assert.deepEqual(wrongFlags(containers, known), []);
  for (const program of programs) {
    assert(containers.some(({command}) => command[0] === program), `${program} is not started`);
  }
});

function broken(container) {
  return wrongFlags([{name: 'pod', command: ['gateway'], variables: [], ...container}], known);
}

test('an unknown flag is found', () => {
  assert.deepEqual(broken({command: ['gateway', '--port=8080']}), ['pod: gateway knows no flag port']);
});

test('a flag of another program is found', () => {
  assert.deepEqual(broken({command: ['gateway', '--migrate_only']}), ['pod: gateway knows no flag migrate_only']);
});

test('a flag that is given twice is found', () => {
  assert.deepEqual(broken({command: ['gateway', '--drain_grace=1s', '--drain_grace=2s']}),
    ['pod gives --drain_grace twice']);
});

test('an unknown variable is found', () => {
  assert.deepEqual(broken({variables: ['MARGINALIA_DATABASE']}), ['pod: gateway knows no variable MARGINALIA_DATABASE']);
});

test('an unknown program is found', () => {
  assert.deepEqual(broken({command: ['gatway']}), ['pod runs gatway, which is none of the programs']);
});
