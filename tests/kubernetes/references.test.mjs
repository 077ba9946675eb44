import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {changed, find, overlays, rendered} from './manifests.mjs';
import {madeByHand, wrongReferences} from './references.mjs';

const readme = readFileSync(new URL('../../deploy/kubernetes/README.md', import.meta.url), 'utf8');

for (const overlay of overlays) {
  test(`${overlay}: what pods mount and read is there`, () => {
    assert.deepEqual(wrongReferences(rendered(overlay), overlay), []);
  });

  test(`${overlay}: the README makes what is to be made by hand`, () => {
    for (const name of madeByHand[overlay]) {
      const [kind, own] = name.split(' ');
      const command = kind === 'Secret' ? `create secret generic ${own} ` : `create configmap ${own} `;
      assert(readme.includes(command), `it does not say "${command}"`);
    }
  });
}

const objects = rendered('postgres');

function broken(change) {
  return wrongReferences(changed(objects, change), 'postgres');
}

test('a secret that nobody makes is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Certificate', 'gateway').spec.secretName = 'gateway-certificate';
  });
  assert.deepEqual(wrong, ['Deployment gateway: there is no Secret gateway-tls']);
});

test('a file that is not mounted is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Deployment', 'gateway').spec.template.spec.containers[0].args.push('--demo_people_path=/people.json');
  });
  assert.deepEqual(wrong, ['Deployment gateway: nothing is mounted for /people.json']);
});

test('a mount without a volume is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Deployment', 'gateway').spec.template.spec.volumes.pop();
  });
  assert(wrong.includes('Deployment gateway mounts no volume token'), wrong.join('\n'));
});

test('a secret among the manifests is found', () => {
  const wrong = broken((copy) => {
    copy.push({apiVersion: 'v1', kind: 'Secret', metadata: {name: 'password'}});
  });
  assert.deepEqual(wrong, ['Secret password would lie in the open']);
});
