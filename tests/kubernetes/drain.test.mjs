import assert from 'node:assert/strict';
import {test} from 'node:test';
import {overlappingExits, wrongBudgets, wrongComposedGraces, wrongGraces} from './drain.mjs';
import {changed, compose, find, overlays, rendered} from './manifests.mjs';

for (const overlay of overlays) {
  test(`${overlay}: every process gets the time to drain`, () => {
    assert.deepEqual(wrongGraces(rendered(overlay)), []);
  });

  test(`${overlay}: one replica has gone before the next one goes`, () => {
    assert.deepEqual(overlappingExits(rendered(overlay)), []);
  });

  test(`${overlay}: a drained node leaves enough replicas, and can be drained`, () => {
    assert.deepEqual(wrongBudgets(rendered(overlay)), []);
  });
}

test('compose: every process gets the time to drain', () => {
  assert.deepEqual(wrongComposedGraces(compose()), []);
});

const objects = rendered('postgres');
const podOf = (copy, name) => find(copy, 'Deployment', name).spec.template.spec;

test('a process that is killed while it drains is found', () => {
  const wrong = wrongGraces(changed(objects, (copy) => {
    podOf(copy, 'gateway').terminationGracePeriodSeconds = 20;
  }));
  assert.deepEqual(wrong, ['Deployment gateway is killed after 20 s but may take 30 s']);
});

test('a longer drain without a longer grace is found', () => {
  const wrong = wrongGraces(changed(objects, (copy) => {
    const [container] = podOf(copy, 'comments-service').containers;
    container.args = container.args.map((one) => one.replace('=20s', '=1m'));
  }));
  assert.deepEqual(wrong, ['Deployment comments-service is killed after 40 s but may take 70 s']);
});

test('a composed process that is killed while it drains is found', () => {
  const composed = compose();
  composed.services.gateway.command.push('--drain_grace=1m');
  assert.deepEqual(wrongComposedGraces(composed), ['gateway is killed after 20 s but may take 65 s']);
});

test('a process that drains while others still call it is found', () => {
  const wrong = wrongGraces(changed(objects, (copy) => {
    delete podOf(copy, 'gateway').containers[0].lifecycle;
  }));
  assert.deepEqual(wrong, ['Deployment gateway drains before others know: no preStop']);
});

test('replicas that go before the last one has gone are found', () => {
  const wrong = overlappingExits(changed(objects, (copy) => {
    delete find(copy, 'Deployment', 'comments-service').spec.minReadySeconds;
    find(copy, 'Deployment', 'invoice-service').spec.minReadySeconds = 10;
  }));
  assert.deepEqual(wrong, [
    'Deployment comments-service lets the next replica go after 0 s while one may take 40 s',
    'Deployment invoice-service lets the next replica go after 10 s while one may take 40 s',
  ]);
});

test('a missing budget is found', () => {
  const wrong = wrongBudgets(changed(objects, (copy) => {
    copy.splice(copy.indexOf(find(copy, 'PodDisruptionBudget', 'gateway')), 1);
  }));
  assert.deepEqual(wrong, ['Deployment gateway has 2 replicas and no budget']);
});

test('a budget that lets no node be drained is found', () => {
  const wrong = wrongBudgets(changed(objects, (copy) => {
    find(copy, 'PodDisruptionBudget', 'gateway').spec = {
      minAvailable: 2,
      selector: find(copy, 'PodDisruptionBudget', 'gateway').spec.selector,
    };
  }));
  assert.deepEqual(wrong, ['PodDisruptionBudget gateway lets no node be drained']);
});

test('a budget that lets all replicas go is found', () => {
  const wrong = wrongBudgets(changed(objects, (copy) => {
    find(copy, 'PodDisruptionBudget', 'gateway').spec.maxUnavailable = 2;
  }));
  assert.deepEqual(wrong, ['PodDisruptionBudget gateway lets all replicas go at once']);
});
