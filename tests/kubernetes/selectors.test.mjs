import assert from 'node:assert/strict';
import {test} from 'node:test';
import {changed, find, overlays, rendered} from './manifests.mjs';
import {wrongSelectors} from './selectors.mjs';

for (const overlay of overlays) {
  test(`${overlay}: what points at pods finds them`, () => {
    assert.deepEqual(wrongSelectors(rendered(overlay)), []);
  });
}

const objects = rendered('postgres');

function broken(change) {
  return wrongSelectors(changed(objects, change));
}

test('a Service that selects nothing is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Service', 'gateway').spec.selector = {'app.kubernetes.io/name': 'gatway'};
  });
  assert.deepEqual(wrong, ['Service gateway selects 0 workloads, not one']);
});

test('a Service that would send calls to a migration is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Service', 'gateway').spec.selector = {'app.kubernetes.io/part-of': 'marginalia'};
  });
  assert.deepEqual(wrong, ['Service gateway selects 5 workloads, not one']);
});

test('a Service with a port that no pod has is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Service', 'gateway').spec.ports[0].targetPort = 'http';
  });
  assert.deepEqual(wrong, ['Service gateway: no pod has its port http']);
});

test('a number of replicas beside a scaler is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Deployment', 'gateway').spec.replicas = 2;
  });
  assert.deepEqual(wrong, ['Deployment gateway sets replicas, and HorizontalPodAutoscaler gateway as well']);
});

test('a scaler of something else is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'HorizontalPodAutoscaler', 'gateway').spec.scaleTargetRef.kind = 'StatefulSet';
  });
  assert.deepEqual(wrong, ['HorizontalPodAutoscaler gateway scales StatefulSet gateway, which is not there']);
});

test('a StatefulSet whose name comes and goes is found', () => {
  const wrong = wrongSelectors(changed(rendered('sqlite'), (copy) => {
    delete find(copy, 'Service', 'comments-service').spec.publishNotReadyAddresses;
  }));
  assert.deepEqual(wrong, ['Service comments-service does not name the only replica while it restarts']);
});

test('a Service that is not monitored is found', () => {
  const wrong = broken((copy) => {
    find(copy, 'Service', 'gateway').spec.ports.pop();
  });
  assert.deepEqual(wrong, ['Service gateway has no port metrics for ServiceMonitor marginalia']);
});
