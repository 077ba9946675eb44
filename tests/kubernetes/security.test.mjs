import assert from 'node:assert/strict';
import {test} from 'node:test';
import {changed, find, overlays, rendered} from './manifests.mjs';
import {insecurities} from './security.mjs';

for (const overlay of overlays) {
  test(`${overlay}: every pod is as restricted as pods can be`, async () => {
    assert.deepEqual(await insecurities(rendered(overlay)), []);
  });
}

test('the namespace enforces the restricted profile', () => {
  const {labels} = find(rendered('sqlite'), 'Namespace', 'marginalia').metadata;
  assert.equal(labels['pod-security.kubernetes.io/enforce'], 'restricted');
});

const objects = rendered('postgres');

// Each with the rule that it breaks.
const mistakes = {
  PSS103: ({container}) => Object.assign(container.securityContext, {privileged: true}),
  PSS105: ({pod}) => pod.volumes.push({name: 'host', hostPath: {path: '/etc'}}),
  PSS202: ({container}) => delete container.securityContext.allowPrivilegeEscalation,
  PSS205: ({pod}) => delete pod.securityContext.seccompProfile,
  PSS206: ({container}) => delete container.securityContext.capabilities,
  KBP001: ({container}) => Object.assign(container, {image: 'registry.example/marginalia:latest'}),
  KBP102: ({container}) => Object.assign(container.securityContext, {readOnlyRootFilesystem: false}),
  KBP005: ({container}) => delete container.resources.limits.memory,
  KBP106: ({pod}) => delete pod.automountServiceAccountToken,
};

for (const [rule, mistake] of Object.entries(mistakes)) {
  test(`a pod that breaks ${rule} is found`, async () => {
    const wrong = await insecurities(changed(objects, (copy) => {
      const pod = find(copy, 'Deployment', 'gateway').spec.template.spec;
      mistake({pod, container: pod.containers[0]});
    }));
    assert(wrong.some((one) => one.startsWith('Deployment gateway: ') && one.includes(`(${rule},`)), wrong.join('\n'));
  });
}
