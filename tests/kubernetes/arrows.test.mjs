import assert from 'node:assert/strict';
import {test} from 'node:test';
import {wrongArrows} from './arrows.mjs';
import {changed, find, overlays, rendered} from './manifests.mjs';

for (const overlay of overlays) {
  test(`${overlay}: only the named connections are permitted, and all of them are`, () => {
    assert.deepEqual(wrongArrows(rendered(overlay), overlay), []);
  });
}

const objects = rendered('sqlite');

function broken(change) {
  return wrongArrows(changed(objects, change), 'sqlite');
}

test('a rule without ports is found', () => {
  const wrong = broken((copy) => {
    for (const rule of find(copy, 'NetworkPolicy', 'comments-service').spec.ingress) delete rule.ports;
  });
  assert(wrong.includes('a backend -> comments-service 50061/TCP is permitted'));
});

test('a missing default is found', () => {
  const wrong = broken((copy) => {
    copy.splice(copy.indexOf(find(copy, 'NetworkPolicy', 'default-deny')), 1);
  });
  assert(wrong.includes('a stranger -> another pod 443/TCP is permitted'));
});

test('a forgotten arrow is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'NetworkPolicy', 'gateway').spec.egress.pop();
  });
  assert.deepEqual(wrong, ['gateway -> invoice-service 50052/TCP is not permitted']);
});

test('a policy that applies to nothing is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'NetworkPolicy', 'gateway').spec.podSelector.matchLabels['app.kubernetes.io/name'] = 'gatway';
  });
  assert(wrong.includes('NetworkPolicy gateway applies to no pod'));
});

test('a way to the internet is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'NetworkPolicy', 'invoice-service').spec.egress.push({ports: [{port: 443}]});
  });
  assert(wrong.includes('invoice-service -> the internet 443/TCP is permitted'));
});
