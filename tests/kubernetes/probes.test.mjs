import assert from 'node:assert/strict';
import {test} from 'node:test';
import {changed, find, overlays, rendered} from './manifests.mjs';
import {wrongProbes} from './probes.mjs';

for (const overlay of overlays) {
  test(`${overlay}: every process is asked where it answers`, () => {
    assert.deepEqual(wrongProbes(rendered(overlay)), []);
  });
}

const objects = rendered('postgres');

function broken(name, change) {
  return wrongProbes(changed(objects, (copy) => {
    change(find(copy, 'Deployment', name).spec.template.spec.containers[0]);
  }));
}

test('a missing probe is found', () => {
  const wrong = broken('gateway', (container) => delete container.startupProbe);
  assert.deepEqual(wrong, ['Deployment gateway has no startupProbe']);
});

test('a probe of a port that nobody has is found', () => {
  const wrong = broken('gateway', (container) => {
    container.readinessProbe.httpGet.port = 'http';
  });
  assert.deepEqual(wrong, ['Deployment gateway readinessProbe: port http is no port of the container']);
});

test('a gRPC probe of the port that speaks TLS is found', () => {
  const wrong = broken('comments-service', (container) => {
    container.livenessProbe.grpc.port = 50051;
  });
  assert.deepEqual(wrong, ['Deployment comments-service livenessProbe: port 50051 is not that of --probe_address']);
});

test('a plain probe of a listener with TLS is found', () => {
  const wrong = broken('gateway', (container) => delete container.livenessProbe.httpGet.scheme);
  assert.deepEqual(wrong, ['Deployment gateway livenessProbe does not speak HTTPS']);
});

test('a listener on another port than the container has is found', () => {
  const wrong = broken('gateway', (container) => {
    container.args = container.args.map((one) => one.replace(':9153', ':9999'));
  });
  assert.deepEqual(wrong,
    ['Deployment gateway --metrics_address has port 9999, which is no port of the container']);
});

test('a process that is ended when it is busy is found', () => {
  const wrong = broken('gateway', (container) => {
    container.livenessProbe.failureThreshold = 1;
  });
  assert.equal(wrong.length, 1);
});
