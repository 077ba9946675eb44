import assert from 'node:assert/strict';
import {test} from 'node:test';
import {changed, find, overlays, rendered} from './manifests.mjs';
import {wrongTypes} from './types.mjs';

for (const overlay of overlays) {
  test(`${overlay}: every field is known and of its type`, () => {
    assert.deepEqual(wrongTypes(rendered(overlay)), []);
  });
}

const objects = rendered('postgres');

function broken(kind, name, change) {
  return wrongTypes(changed(objects, (copy) => change(find(copy, kind, name))));
}

test('a misspelled field deep within is found', () => {
  const wrong = broken('Deployment', 'gateway', ({spec}) => {
    spec.template.spec.containers[0].securityContext.readonlyRootFilesystem = true;
  });
  assert.equal(wrong.length, 1);
  assert.match(wrong[0], /^Deployment gateway: .*readonlyRootFilesystem/);
});

test('a number as text is found', () => {
  const wrong = broken('HorizontalPodAutoscaler', 'gateway', ({spec}) => {
    spec.minReplicas = '2';
  });
  assert.match(wrong[0], /^HorizontalPodAutoscaler gateway: .*string/);
});

test('a field in the wrong place is found', () => {
  const wrong = broken('Deployment', 'gateway', ({spec}) => {
    spec.terminationGracePeriodSeconds = 40;
  });
  assert.match(wrong[0], /terminationGracePeriodSeconds/);
});

test('an unknown field of a certificate is found', () => {
  const wrong = broken('Certificate', 'gateway', ({spec}) => {
    spec.dnsName = ['gateway'];
  });
  assert.match(wrong[0], /^Certificate gateway: .*dnsName/);
});

test('a kind that its API does not have is found', () => {
  const wrong = broken('Deployment', 'gateway', (object) => {
    object.apiVersion = 'batch/v1';
  });
  assert(wrong.length > 0);
});
